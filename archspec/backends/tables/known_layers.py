"""The layers of a network with errors, with their shapes as far as they are known."""

from __future__ import annotations

from archspec.backends.tables.text_table import text_table
from archspec.diagnostics.source import Source
from archspec.ir.graph import Graph, Node

UNKNOWN = "?"


def known_layers(graph: Graph, source: Source) -> str:
    """A table of the layers; `?` stands for what an error leaves unknown."""
    rows = [_row(node, source) for node in graph.layers]
    header = ("layer", "op", "line", "output", "parameters")
    return "\n".join(text_table(header, rows, (0, 1)))


def _row(node: Node, source: Source) -> tuple[str, ...]:
    spans = (*node.calls, node.span)
    line = next((str(span.line) for span in spans if span.source is source), "")
    shape = node.output.shape
    if shape is None:
        return node.path, node.op, line, UNKNOWN, UNKNOWN
    sizes = "x".join(str(int(size)) for size in shape)
    return node.path, node.op, line, sizes, f"{node.parameters:,}"
