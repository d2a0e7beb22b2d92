"""Draw a network, with the Graphviz that is at hand."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, get_args

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
    with _quiet():
        return bytes(graph.draw(format=format, prog="dot"))


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep C libraries off stderr: fontconfig warns of a newer system's settings."""
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


def draw(spec: Spec, depth: int | None = None, direction: Direction = "TB") -> Drawing:
    """The network's picture; blocks deeper than `depth` are one box each.

    Raises:
        ValueError: if the depth is below 1 or the direction unknown.
    """
    if depth is not None and depth < 1:
        raise ValueError(f"a drawing has the depth 1 or more, found {depth}")
    if direction not in get_args(Direction):
        raise ValueError(f'the direction is "TB" or "LR", found "{direction}"')
    return Drawing(spec, depth, direction)
