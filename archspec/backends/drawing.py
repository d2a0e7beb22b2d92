"""Draw a network, with the Graphviz that is at hand."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from typing import Any

from archspec.backends.dot import to_dot
from archspec.spec import Spec

FORMATS = ("svg", "png", "pdf", "dot")


@dataclass(frozen=True, slots=True)
class Drawing:
    """A network's picture as DOT text; notebooks show it as SVG."""

    dot: str

    def render(self, format: str) -> bytes:  # Graphviz's word
        """The picture in one of `FORMATS`.

        Renders with the `dot` program, or, where none is installed, with the Graphviz
        inside the pygraphviz package.
        """
        if format == "dot":
            return self.dot.encode()
        if shutil.which("dot"):
            import graphviz

            return bytes(graphviz.Source(self.dot).pipe(format=format))
        import pygraphviz

        graph: Any = pygraphviz.AGraph(string=self.dot)  # type: ignore[no-untyped-call]
        return bytes(graph.draw(format=format, prog="dot"))

    def _repr_svg_(self) -> str:
        return self.render("svg").decode()


def draw(spec: Spec, depth: int | None = None) -> Drawing:
    """The network's picture; blocks deeper than `depth` are one box each."""
    return Drawing(to_dot(spec.graph, depth))
