"""A network's drawing, rendered in any of the formats."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args

from archspec.backends.drawing.captions import overview
from archspec.backends.drawing.dot import Direction, to_dot
from archspec.backends.drawing.html_page import to_html
from archspec.backends.drawing.look import PLAIN, Look
from archspec.diagnostics.source import Source
from archspec.ir.graph import Graph

FORMATS = ("svg", "png", "pdf", "dot", "html")


@dataclass(frozen=True, slots=True, repr=False)
class Drawing:
    """The drawing of a network; a notebook shows it as SVG."""

    graph: Graph
    source: Source  # the spec's text, which the page shows
    depth: int | None = None
    direction: Direction = "TB"
    look: Look = PLAIN

    def __repr__(self) -> str:
        """One line: the network and the number of layers."""
        layers = sum(1 for _ in self.graph.layers)
        return f"<Drawing of {self.graph.name}: {layers} layers>"

    @property
    def dot(self) -> str:
        """The drawing as DOT text."""
        return to_dot(self.graph, self.depth, self.direction, self.look)

    def render(self, format: str) -> bytes:
        """Return the drawing in one of `FORMATS`.

        Raises:
            ValueError: If the format is unknown.
        """
        name = format.lower()
        if name not in FORMATS:
            raise ValueError(f"a format is one of {', '.join(FORMATS)}, found {format}")
        if name == "html":
            return to_html(self.graph, self.source, self.depth).encode()
        return picture(self.dot, name, self.look.scale)

    def save(self, path: str | Path) -> None:
        """Write the drawing to a file, in the format of its suffix.

        Raises:
            ValueError: If the suffix is not one of `FORMATS`.
        """
        file = Path(path)
        file.write_bytes(self.render(file.suffix.removeprefix(".")))

    def _repr_mimebundle_(self, **_: Any) -> dict[str, str]:
        return {
            "image/svg+xml": self.render("svg").decode(),
            "text/plain": f"{self.graph.name}: {overview(self.graph)}",
        }


DPI = {"png": 96, "svg": 72, "pdf": 72}  # at scale 1


def picture(dot: str, format: str, scale: float = 1.0) -> bytes:
    """Render DOT text in one of `FORMATS`, except `html`.

    The Graphviz in the pygraphviz package renders it, never a `dot` program on the
    machine, so that pictures are the same everywhere.
    """
    if format == "dot":
        return dot.encode()
    import pygraphviz

    graph: Any = pygraphviz.AGraph(string=dot)  # type: ignore[no-untyped-call]
    if scale != 1:
        graph.graph_attr["dpi"] = f"{scale * DPI[format]:g}"
    with _quiet():
        return bytes(graph.draw(format=format, prog="dot"))


@contextmanager
def _quiet() -> Iterator[None]:
    """Silence C libraries on stderr: fontconfig warns of unknown settings."""
    sys.stderr.flush()
    stderr = os.dup(2)
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, 2)
    try:
        yield
    finally:
        os.dup2(stderr, 2)
        os.close(stderr)
        os.close(null)


def draw(
    graph: Graph,
    source: Source,
    depth: int | None = None,
    direction: Direction = "TB",
    look: Look = PLAIN,
) -> Drawing:
    """Draw a network; blocks deeper than `depth` are one box each.

    Raises:
        ValueError: If the depth is below 1, the direction unknown, or the scale not
            positive.
    """
    if not 0 < look.scale <= 20:
        raise ValueError(f"the scale is above 0 and at most 20, found {look.scale}")
    if depth is not None and depth < 1:
        raise ValueError(f"a drawing has the depth 1 or more, found {depth}")
    if direction not in get_args(Direction):
        raise ValueError(f'the direction is "TB" or "LR", found "{direction}"')
    return Drawing(graph, source, depth, direction, look)
