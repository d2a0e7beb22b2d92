"""A network as a page: the diagram, its layers and its spec, tied to each other.

One file that needs no network. `html_page.js` lights what belongs together.
"""

from __future__ import annotations

from base64 import b64encode
from collections import defaultdict
from collections.abc import Iterable, Iterator
from hashlib import sha256
from importlib.resources import files
from string import Template

from archspec.backends.drawing.captions import describe, sizes, totals
from archspec.backends.drawing.html_diagram import diagram, text
from archspec.backends.drawing.palette import COLORS
from archspec.diagnostics.source import Source
from archspec.ir.graph import Graph, Node
from archspec.ops.registry import OPS


def to_html(graph: Graph, source: Source, depth: int | None = None) -> str:
    """The page; blocks deeper than `depth` are folded at first."""
    ties = _Ties(graph, source)
    style, script = _file("css") + _colors(), _file("js")
    return Template(_file("html")).substitute(
        style=style,
        style_hash=_hash(style),
        script=script,
        script_hash=_hash(script),
        name=text(graph.name),
        about=text(graph.about),
        totals=text(totals(graph)),
        legend=_legend(ties.layers),
        diagram=diagram(graph, depth, ties.tied),
        layers="\n".join(map(ties.row, ties.layers)),
        spec="".join(ties.lines()),
    )


class _Ties:
    """What names layers by their number: rows of the table, and lines of the spec."""

    def __init__(self, graph: Graph, source: Source) -> None:
        self.source = source
        self.layers = [node for node in graph.layers if node.op != "identity"]
        self.numbers = {node: number for number, node in enumerate(self.layers)}

    def tied(self, layers: Iterable[Node]) -> str:
        """The attribute that ties an element to layers."""
        numbers = sorted({self.numbers[n] for n in layers if n in self.numbers})
        return f'data-layers="{" ".join(map(str, numbers))}"' if numbers else ""

    def row(self, node: Node) -> str:
        cells = [
            node.path,
            describe(node),
            sizes(node.output.shape),
            f"{node.parameters:,}" if node.parameters else "",
            f"{node.macs:,}" if node.macs else "",
        ]
        inner = "".join(f"<td>{text(cell)}</td>" for cell in cells)
        return f"<tr {self.tied([node])}>{inner}</tr>"

    def lines(self) -> Iterator[str]:
        """The spec, each line tied to the layers that are written or called on it."""
        made: defaultdict[int, list[Node]] = defaultdict(list)
        for node in self.layers:
            for span in (*node.calls, node.span):
                if span.source is self.source:
                    made[span.line].append(node)
        for number in range(1, len(self.source.line_starts) + 1):
            line = self.source.line(number).expandtabs()
            yield f"<span {self.tied(made[number])}>{text(line)}</span>"


def _legend(layers: Iterable[Node]) -> str:
    kinds = {OPS[node.op].family for node in layers}
    return "".join(
        f'<span class="key {kind}">{kind}</span>' for kind in COLORS if kind in kinds
    )


def _colors() -> str:
    return "".join(
        f".{kind} {{ background: {color}; }}\n" for kind, color in COLORS.items()
    )


def _file(suffix: str) -> str:
    file = files("archspec.backends.drawing") / f"html_page.{suffix}"
    return file.read_text(encoding="utf-8")


def _hash(text: str) -> str:
    """By which the page's policy knows its own style and script from any other."""
    return b64encode(sha256(text.encode()).digest()).decode()
