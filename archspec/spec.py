"""A checked network, and the result of checking one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import PurePath
from typing import TYPE_CHECKING

from archspec.diagnostics.diagnostic import Diagnostic, SpecError
from archspec.diagnostics.source import Source
from archspec.frontend.ast import Document
from archspec.ir.graph import Graph, Sizes

if TYPE_CHECKING:
    from archspec.layers import Layers


@dataclass(frozen=True, slots=True, repr=False)
class Spec:
    """A checked network, from `load` or `loads`. It needs no torch.

    >>> import archspec
    >>> spec = archspec.load("nin")
    >>> spec.input_shape, spec.output_shape
    ((1, 224, 224), (10,))
    >>> spec.params, spec.macs
    (1992166, 762297352)

    Shapes are without the batch, the channels first. `macs` are multiply-accumulates
    for one input. `input_shape` and `output_shape` raise a `ValueError` if there are
    several.
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
    """The variant that was chosen, by its own name or beside the spec's."""

    def __repr__(self) -> str:
        """One line: the name and the number of parameters."""
        return f"<Spec {self.name}: {self.params:,} parameters>"

    @property
    def name(self) -> str:
        """The network's name: that of the variant, if one was chosen."""
        return self.graph.name

    @property
    def reference(self) -> str:
        """What the command line calls it: `residual.yaml`, or `vgg16`."""
        path = PurePath(self.document.source.name)
        if path.suffix:
            return f"{path.name}:{self.variant}" if self.variant else path.name
        return str(path.with_name(self.variant) if self.variant else path)

    @property
    def full_name(self) -> str:
        """The name with that of the file's family: `mix:dw` of `mix.yaml:dw`.

        A variant that is bundled, or has the name of its family, is a network: `vgg16`.
        """
        family, is_file = self.document.name, PurePath(self.document.source.name).suffix
        if self.variant is None or not is_file or family in self.variant:
            return self.name
        return f"{family}:{self.variant}"

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
        """The multiply-accumulates of convolutions, linear and attention layers.

        They are for one input and include auxiliary heads, which run only in training.
        """
        return self.graph.macs

    @property
    def layers(self) -> Layers:
        """All layers, in the order in which they run; also by path, `layers["fc"]`."""
        from archspec.layers import Layers  # 4 ms

        return Layers(self.graph, self.document.source)

    def summary(self, depth: int | None = None, batch: int = 1) -> str:
        """The table of `archspec summary`, as wide as the terminal.

        Args:
            depth: fold blocks and labeled groups that are deeper.
            batch: the number of images whose activations are in memory at once.
        """
        from archspec.backends.tables.summary_table import Summary

        return Summary(self.graph, self.document.source, depth, batch).text()

    def _repr_mimebundle_(self, **_: object) -> dict[str, str]:
        """The drawing of the network's own steps, for a notebook."""
        from archspec.backends.drawing.drawing import draw

        return draw(self.graph, self.document.source, depth=1)._repr_mimebundle_()


@dataclass(frozen=True, slots=True, repr=False)
class CheckResult:
    """The result of `check`: the findings, and the spec if it has no errors.

    >>> import archspec
    >>> result = archspec.check("lenet")
    >>> result, result.ok, result.diagnostics
    (<CheckResult lenet: ok>, True, ())
    >>> result.spec.params
    61706

    A result is true if it is `ok`. `str()` is the report, which a notebook shows in
    color. `require` returns the spec or raises a `SpecError`.
    """

    name: str
    diagnostics: tuple[Diagnostic, ...]
    spec: Spec | None
    graph: Graph | None = field(default=None, compare=False, repr=False)
    """The network; with errors, what is known of it, and other shapes are None."""
    source: Source | None = field(default=None, compare=False, repr=False)
    """The text that was checked."""

    def __bool__(self) -> bool:
        """Return `ok`."""
        return self.ok

    def __repr__(self) -> str:
        """One line: the name and the number of errors and warnings."""
        errors = sum(d.is_error for d in self.diagnostics)
        counts = ((errors, "error"), (len(self.diagnostics) - errors, "warning"))
        words = [f"{n} {word}{'s' * (n > 1)}" for n, word in counts if n]
        return f"<CheckResult {self.name}: {', '.join(words) or 'ok'}>"

    def __str__(self) -> str:
        """The rendered report; "ok" without findings."""
        from archspec.diagnostics.render import render_full

        return render_full(self.diagnostics) or f"{self.name}: ok"

    def _repr_html_(self) -> str:
        """The report in color, for a notebook."""
        from html import escape

        from archspec.diagnostics.html_report import render_html

        return render_html(self.diagnostics) or f"<pre>{escape(str(self))}</pre>"

    @property
    def ok(self) -> bool:
        """Whether no finding is an error."""
        return not any(d.is_error for d in self.diagnostics)

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
