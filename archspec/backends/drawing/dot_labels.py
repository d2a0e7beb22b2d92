"""What stands in the nodes of a drawing: layers, calls, titles, the legend."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from archspec.backends.drawing.captions import (
    arguments,
    costs,
    describe,
    details,
    label,
    place,
    sizes,
    sums,
    times,
    title,
)
from archspec.backends.drawing.diagram import Box, Group, Part, Run, nodes
from archspec.backends.drawing.dot_table import bold, cell, lines, padded, small, table
from archspec.backends.drawing.palette import COLORS
from archspec.ir.graph import Graph, Module, Node
from archspec.ops.registry import OPS

Copies = Sequence[Part]  # alike; the first is drawn


def box_label(box: Box, copies: Copies, said: Iterable[str]) -> str:
    """A row for each layer; beside them how often they come, and what they cost."""
    rows = [[_layer(node)] for node in box.layers]
    if beside := lines(bold(_times(copies)), *map(small, said)):
        rows[0].append(cell(beside, rows=len(rows)))
    return table(rows)


def _layer(node: Node) -> str:
    fill = COLORS[OPS[node.op].family]
    return cell(padded(describe(node)), fill=fill, tooltip=details(node))


def head_label(copies: Copies, macs: int, border: int = 0) -> str:
    """The title of a block, and what is in it costs."""
    modules = _modules(copies)
    words = " ".join(filter(None, [title(modules) if modules else "", _times(copies)]))
    said = ", ".join(filter(None, costs(nodes(copies), macs)))
    contents = filter(None, [bold(words), small(said)])
    tip = _place(copies)
    rows = [[cell(content, align="LEFT", tooltip=tip)] for content in contents]
    return table(rows, border=border)


def folded_label(stage: Sequence[Copies], macs: int) -> str:
    """A call of a block; several of one block are a table."""
    if len(stage) == 1:
        return head_label(stage[0], macs, border=1)
    block = _modules(stage[0])[0].block
    return table(
        [[cell(bold(block), columns=4)], *(_call(each, macs) for each in stage)]
    )


def _call(copies: Copies, macs: int) -> list[str]:
    """A row for one call among several: arguments, output, costs."""
    modules = _modules(copies)
    words = ": ".join(filter(None, [label(modules), arguments(modules[0])]))
    words = " ".join(filter(None, [words, _times(copies)]))
    shown = [sizes(modules[-1].output.shape), *costs(nodes(copies), macs)]
    contents = [padded(words), *map(small, shown)]
    sides = ["LEFT", "LEFT", "RIGHT", "RIGHT"]
    return [
        cell(content, align=side, tooltip=_place(copies))
        for content, side in zip(contents, sides, strict=True)
    ]


def legend(graph: Graph, kinds: set[str]) -> str:
    """The kinds that are there, and what shares are shares of."""
    keys = [cell(small(kind), fill=COLORS[kind]) for kind in COLORS if kind in kinds]
    total = cell(small(sums(graph)), columns=4)
    return table([keys[:4], keys[4:], [total]], border=0, spacing=2)


def _modules(copies: Copies) -> list[Module]:
    return [part.module for part in copies if isinstance(part, Group)]


def _place(copies: Copies) -> str:
    return " ".join(place(module.span) for module in _modules(copies)[:1]) or " "


def _times(copies: Copies) -> str:
    first = copies[0]
    return times(len(first.copies) if isinstance(first, Run) else len(copies))
