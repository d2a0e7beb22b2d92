"""A checked network, and the result of checking one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from archspec.diagnostics.diagnostic import Diagnostic, SpecError
from archspec.frontend.ast import Document
from archspec.ir.graph import Graph, Node, Shape, plain


@dataclass(frozen=True, slots=True)
class Spec:
    """A checked network.

    >>> import archspec
    >>> spec = archspec.load("nin")
    >>> spec.params, spec.output_shape
    (1992166, (10,))
    """

    document: Document
    graph: Graph
    param_values: Mapping[str, object]  # as resolved
    train: Mapping[str, object]  # the train section: numbers, and recipes by key
    imports: Mapping[str, str]  # texts of imported files, by path from its folder

    @property
    def name(self) -> str:
        """The network's name."""
        return self.document.name

    @property
    def text(self) -> str:
        """The spec as it was written."""
        return self.document.source.text

    @property
    def input_shape(self) -> Shape:
        """(C, H, W)."""
        assert self.graph.input.shape
        return self.graph.input.shape

    @property
    def output_shape(self) -> Shape:
        """Of one image, without the batch."""
        assert self.graph.output.shape
        return plain(self.graph.output.shape)

    @property
    def params(self) -> int:
        """The number of trained parameters, those of heads too."""
        return self.graph.parameters

    @property
    def macs(self) -> int:
        """Multiply-accumulates of convolutions and linear layers, for one image.

        Those of heads too, which are computed in training only.
        """
        return self.graph.macs

    @property
    def layers(self) -> tuple[Node, ...]:
        """Every layer, in the order in which they run."""
        return tuple(self.graph.layers)

    def _repr_mimebundle_(self, **_: object) -> dict[str, str]:
        """What a notebook shows: the drawing of the network's own steps."""
        from archspec.backends.drawing.drawing import draw

        return draw(self.graph, self.document.source, depth=1)._repr_mimebundle_()


@dataclass(frozen=True, slots=True)
class CheckResult:
    """What checking found; `spec` is there when it found no error in a network."""

    name: str
    diagnostics: tuple[Diagnostic, ...]
    spec: Spec | None

    @property
    def ok(self) -> bool:
        """Whether there is no error."""
        return not any(d.is_error for d in self.diagnostics)

    @property
    def graph(self) -> Graph | None:
        """The network, when it is sound."""
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
