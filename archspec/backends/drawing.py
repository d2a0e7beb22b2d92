"""Draw a network, with the Graphviz that is at hand."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from typing import Any

from archspec.backends.captions import totals
from archspec.backends.dot import Direction, to_dot
from archspec.backends.html_page import to_html
from archspec.spec import Spec

FORMATS = ("svg", "png", "pdf", "dot", "html")


@dataclass(frozen=True, slots=True)
class Drawing:
    """A network's picture; notebooks show it as SVG."""

    spec: Spec
    depth: int | None = None
    direction: Direction = "TB"

    @property
    def dot(self) -> str:
        """The picture as DOT text."""
        return to_dot(self.spec.graph, self.depth, self.direction)

    def render(self, format: str) -> bytes:  # Graphviz's word
        """The picture in one of `FORMATS`."""
        if format == "html":
            return to_html(self.spec, self.depth).encode()
        return picture(self.dot, format)

    def _repr_mimebundle_(self, **_: Any) -> dict[str, str]:
        return {
            "image/svg+xml": self.render("svg").decode(),
            "text/plain": f"{self.spec.name}: {totals(self.spec.graph)}",
        }


def picture(dot: str, format: str) -> bytes:
    """DOT text in one of `FORMATS`.

    Renders with the `dot` program, or, where none is installed, with the Graphviz
    inside the pygraphviz package.
    """
    if format == "dot":
        return dot.encode()
    if shutil.which("dot"):
        import graphviz

        return bytes(graphviz.Source(dot).pipe(format=format))
    import pygraphviz

    graph: Any = pygraphviz.AGraph(string=dot)  # type: ignore[no-untyped-call]
    return bytes(graph.draw(format=format, prog="dot"))


def draw(spec: Spec, depth: int | None = None, direction: Direction = "TB") -> Drawing:
    """The network's picture; blocks deeper than `depth` are one box each."""
    return Drawing(spec, depth, direction)
