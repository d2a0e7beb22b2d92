"""Draw a network in any picture format."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, get_args

from archspec.backends.drawing.captions import totals
from archspec.backends.drawing.dot import Direction, to_dot
from archspec.backends.drawing.html_page import to_html
from archspec.diagnostics.source import Source
from archspec.ir.graph import Graph

FORMATS = ("svg", "png", "pdf", "dot", "html")


@dataclass(frozen=True, slots=True)
class Drawing:
    """A network's picture; notebooks show it as SVG."""

    graph: Graph
    source: Source  # the spec's text, for the page
    depth: int | None = None
    direction: Direction = "TB"

    @property
    def dot(self) -> str:
        """The picture as DOT text."""
        return to_dot(self.graph, self.depth, self.direction)

    def render(self, format: str) -> bytes:  # Graphviz's word
        """The picture in one of `FORMATS`."""
        if format == "html":
            return to_html(self.graph, self.source, self.depth).encode()
        return picture(self.dot, format)

    def _repr_mimebundle_(self, **_: Any) -> dict[str, str]:
        return {
            "image/svg+xml": self.render("svg").decode(),
            "text/plain": f"{self.graph.name}: {totals(self.graph)}",
        }


def picture(dot: str, format: str) -> bytes:
    """DOT text in one of `FORMATS`.

    Always rendered by the Graphviz inside the pygraphviz package, never by a `dot`
    program on the machine: pictures are the same everywhere.
    """
    if format == "dot":
        return dot.encode()
    import pygraphviz

    graph: Any = pygraphviz.AGraph(string=dot)  # type: ignore[no-untyped-call]
    with _quiet():
        return bytes(graph.draw(format=format, prog="dot"))


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep C libraries off stderr: fontconfig warns of a newer system's configuration."""
    sys.stderr.flush()
    kept = os.dup(2)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)


def draw(
    graph: Graph,
    source: Source,
    depth: int | None = None,
    direction: Direction = "TB",
) -> Drawing:
    """The network's picture; blocks deeper than `depth` are one box each.

    Raises:
        ValueError: if the depth is below 1 or the direction unknown.
    """
    if depth is not None and depth < 1:
        raise ValueError(f"a drawing has the depth 1 or more, found {depth}")
    if direction not in get_args(Direction):
        raise ValueError(f'the direction is "TB" or "LR", found "{direction}"')
    return Drawing(graph, source, depth, direction)
