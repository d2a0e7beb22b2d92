"""A checked network, and the result of checking one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePath

from archspec.diagnostics.diagnostic import Diagnostic, SpecError
from archspec.frontend.ast import Document
from archspec.ir.graph import Graph, Node, Sizes


@dataclass(frozen=True, slots=True, repr=False)
class Spec:
    """A checked network.

    >>> import archspec
    >>> spec = archspec.load("nin")
    >>> spec.params, spec.output_shape
    (1992166, (10,))
    """

    document: Document
    graph: Graph
    param_values: Mapping[str, object]
    """The value of each param, by name, with the overrides applied."""

    train: Mapping[str, object]
    """The `train:` section: numbers and recipes, by key."""

    imports: Mapping[str, str]
    """The texts of the imported files, by path relative to the spec's folder."""

    variant: str | None = None
    """The variant that was chosen, by its own name or with the spec's."""

    def __repr__(self) -> str:
        """One line: the name and the number of parameters."""
        return f"<Spec {self.name}: {self.params:,} parameters>"

    @property
    def name(self) -> str:
        """The network's name; of a variant, its own."""
        return self.graph.name

    @property
    def reference(self) -> str:
        """What the command line calls it: `residual.yaml`, or `vgg16`."""
        path = PurePath(self.document.source.name)
        if path.suffix:
            return f"{path.name}:{self.variant}" if self.variant else path.name
        return str(path.with_name(self.variant) if self.variant else path)

    @property
    def text(self) -> str:
        """The spec as it was written."""
        return self.document.source.text

    @property
    def input_shape(self) -> Sizes:
        """The shape of the one input, without the batch: (C, H, W).

        Raises:
            ValueError: if there are several; `inputs` has their shapes by name.
        """
        return self._only("input", self.inputs)

    @property
    def inputs(self) -> dict[str, Sizes]:
        """The shapes of the inputs by name, in the order of `forward`."""
        return {port.name: port.shape for port in self.graph.inputs}

    @property
    def output_shape(self) -> Sizes:
        """The shape of the one output, without the batch.

        Raises:
            ValueError: if there are several; `outputs` has their shapes by name.
        """
        return self._only("output", self.outputs)

    @property
    def outputs(self) -> dict[str, Sizes]:
        """The shapes of the outputs by name, in the order of `forward`."""
        return {port.name: port.shape for port in self.graph.outputs}

    def _only(self, noun: str, shapes: Mapping[str, Sizes]) -> Sizes:
        if len(shapes) > 1:
            names = ", ".join(shapes)
            raise ValueError(
                f"`{self.name}` has {len(shapes)} {noun}s ({names}): use `{noun}s`"
            )
        (shape,) = shapes.values()
        return shape

    @property
    def params(self) -> int:
        """The number of trainable parameters, including those of auxiliary heads."""
        return self.graph.parameters

    @property
    def macs(self) -> int:
        """The multiply-accumulates of convolutions and linear layers for one input.

        They include auxiliary heads, which run in training only.
        """
        return self.graph.macs

    @property
    def layers(self) -> tuple[Node, ...]:
        """All layers, in the order in which they run."""
        return tuple(self.graph.layers)

    def _repr_mimebundle_(self, **_: object) -> dict[str, str]:
        """The drawing of the network's own steps, for a notebook."""
        from archspec.backends.drawing.drawing import draw

        return draw(self.graph, self.document.source, depth=1)._repr_mimebundle_()


@dataclass(frozen=True, slots=True)
class CheckResult:
    """The findings of a check, and the spec if there is a network without errors.

    It is true where it is `ok`.
    """

    name: str
    diagnostics: tuple[Diagnostic, ...]
    spec: Spec | None
    lowered: int = 0
    """The number of steps that were lowered, a measure of the work."""

    def __bool__(self) -> bool:
        """Return `ok`."""
        return self.ok

    @property
    def ok(self) -> bool:
        """Whether no finding is an error."""
        return not any(d.is_error for d in self.diagnostics)

    @property
    def graph(self) -> Graph | None:
        """The graph of the network, or None if there are errors."""
        return self.spec.graph if self.spec else None

    def require(self) -> Spec:
        """The spec.

        Raises:
            SpecError: with the rendered report, if there is an error or no network.
        """
        if self.spec is None:
            from archspec.diagnostics.render import render_full

            report = render_full(self.diagnostics)
            raise SpecError(self.diagnostics, report or f"{self.name} has no `net`")
        return self.spec
