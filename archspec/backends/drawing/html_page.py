"""The HTML page of a network: its diagram, table of layers and spec, linked.

The page is one file without external resources. `html_page.js` highlights a layer in
all three panels.
"""

from __future__ import annotations

from base64 import b64encode
from collections import defaultdict
from collections.abc import Iterable, Iterator
from hashlib import sha256
from importlib.resources import files
from string import Template

from archspec.backends.drawing.captions import describe, overview, sizes
from archspec.backends.drawing.html_diagram import diagram_html, html_escaped
from archspec.backends.drawing.op_family_styles import style_of
from archspec.diagnostics.source import Source
from archspec.ir.graph import Graph, Node
from archspec.ops.op import Family
from archspec.ops.registry import OPS


def to_html(graph: Graph, source: Source, depth: int | None = None) -> str:
    """Return the page, with the blocks deeper than `depth` folded at first."""
    panels = _LinkedPanels(graph, source)
    style, script = _file("css") + _colors(), _file("js")
    return Template(_file("html")).substitute(
        style=style,
        style_hash=_hash(style),
        script=script,
        script_hash=_hash(script),
        name=html_escaped(graph.name),
        about=html_escaped(graph.about),
        totals=html_escaped(overview(graph)),
        legend=_legend(panels.layers),
        diagram=diagram_html(graph, depth, panels.link),
        layers="\n".join(map(panels.row, panels.layers)),
        spec="".join(panels.lines()),
    )


class _LinkedPanels:
    """The table of layers and the spec; elements name layers by their number.

    Joins and inputs have numbers too, so that lines start there, but no rows.
    """

    def __init__(self, graph: Graph, source: Source) -> None:
        self.source = source
        inputs = [port.value.producer for port in graph.inputs if port.value.producer]
        nodes = [node for node in graph.nodes if node.op != "identity"]
        self.layers = [node for node in nodes if node.path]
        self.numbers = {node: n for n, node in enumerate([*inputs, *nodes])}

    def link(self, layers: Iterable[Node]) -> str:
        """Return the attribute that links an element to layers: `data-layers="0 1"`."""
        numbers = sorted({self.numbers[n] for n in layers if n in self.numbers})
        return f'data-layers="{" ".join(map(str, numbers))}"' if numbers else ""

    def row(self, node: Node) -> str:
        """Return a row of the table of layers."""
        cells = [
            node.path,
            describe(node),
            sizes(node.output.shape),
            f"{node.parameters:,}" if node.parameters else "",
            f"{node.macs:,}" if node.macs else "",
        ]
        inner = "".join(f"<td>{html_escaped(cell)}</td>" for cell in cells)
        return f"<tr {self.link([node])}>{inner}</tr>"

    def lines(self) -> Iterator[str]:
        """Yield the lines of the spec, linked to the layers defined or called there."""
        by_line: defaultdict[int, list[Node]] = defaultdict(list)
        for node in self.layers:
            for span in (*node.calls, node.span):
                if span.source is self.source:
                    by_line[span.line].append(node)
        for number in range(1, len(self.source.line_starts) + 1):
            line = self.source.line(number).expandtabs()
            yield f"<span {self.link(by_line[number])}>{html_escaped(line)}</span>"


def _legend(layers: Iterable[Node]) -> str:
    families = {OPS[node.op].family for node in layers}
    return "".join(
        f'<span class="key {family}">{family}</span>'
        for family in Family
        if family in families
    )


def _colors() -> str:
    return "".join(
        f".{family} {{ background: {style_of(family).color}; }}\n" for family in Family
    )


def _file(suffix: str) -> str:
    file = files("archspec.backends.drawing") / f"html_page.{suffix}"
    return file.read_text(encoding="utf-8")


def _hash(text: str) -> str:
    """Return the hash that admits a style or script to the content security policy."""
    return b64encode(sha256(text.encode()).digest()).decode()
