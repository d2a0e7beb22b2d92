"""Labels of DOT nodes, as tables: layers, block titles, block calls, the legend."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from archspec.backends.drawing.captions import (
    arguments,
    costs,
    describe,
    details,
    label,
    location,
    sizes,
    times,
    title,
    total_costs,
)
from archspec.backends.drawing.diagram import Box, Cluster, Part, Repetition, nodes
from archspec.backends.drawing.dot_table import (
    bold,
    cell,
    framed,
    lines,
    padded,
    small,
    table,
)
from archspec.backends.drawing.look import Look
from archspec.backends.drawing.op_family_styles import style_of
from archspec.ir.graph import Graph, Module, Node
from archspec.ops.op import Family
from archspec.ops.registry import OPS

REMOVED = "#c62828"
Copies = Sequence[Part]  # of equal structure; only the first is drawn


def box_label(box: Box, copies: Copies, costs: Iterable[str], *, below: bool) -> str:
    """Return a row for each layer; below or to the right, the copies and costs."""
    rows = [[_layer(node)] for node in box.layers]
    if notes := lines(bold(_times(copies)), *map(small, costs)):
        if below:
            rows.append([cell(notes)])
        else:
            rows[0].append(cell(notes, rows=len(rows)))
    return table(rows)


def _layer(node: Node) -> str:
    fill = style_of(OPS[node.op].family).color
    return cell(padded(describe(node)), fill=fill, tooltip=details(node))


def title_label(copies: Copies, macs: int | None, border: int = 0) -> str:
    """Return the title of a block, and the costs of its layers below."""
    modules = _modules(copies)
    words = " ".join(filter(None, [title(modules) if modules else "", _times(copies)]))
    total = ", ".join(filter(None, costs(nodes(copies), macs)))
    contents = filter(None, [bold(words), small(total)])
    tooltip = _location(copies)
    rows = [[cell(content, align="LEFT", tooltip=tooltip)] for content in contents]
    return table(rows, border=border)


def folded_label(stage: Sequence[Copies], macs: int | None) -> str:
    """Return a folded block, or a table of several calls of one block.

    `residual(128, s=2)`, `residual(128)` -> the header `residual`, then the rows
    `128, s=2` and `128`, each with its output and costs.
    """
    if len(stage) == 1:
        return title_label(stage[0], macs, border=1)
    block = _modules(stage[0])[0].block
    return table(
        [[cell(bold(block), columns=4)], *(_call(copies, macs) for copies in stage)]
    )


def _call(copies: Copies, macs: int | None) -> list[str]:
    """Return the row of one call among several: arguments, output, costs."""
    modules = _modules(copies)
    words = ": ".join(filter(None, [label(modules), arguments(modules[0])]))
    words = " ".join(filter(None, [words, _times(copies)]))
    shown = [sizes(modules[-1].output.shape), *costs(nodes(copies), macs)]
    contents = [padded(words), *map(small, shown)]
    sides = ["LEFT", "LEFT", "RIGHT", "RIGHT"]
    return [
        cell(content, align=side, tooltip=_location(copies))
        for content, side in zip(contents, sides, strict=True)
    ]


def removed_label(captions: Iterable[str]) -> str:
    """Return a dashed frame around the captions of removed parts."""
    label = table([[cell(padded(words))] for words in captions])
    return framed(label, REMOVED, "dashed")


def heading(graph: Graph, families: set[Family], look: Look) -> str:
    """Return the title, the families in the drawing, and the totals of shares."""
    keys = [
        cell(small(family), fill=style_of(family).color)
        for family in Family
        if family in families
    ]
    rows = [[cell(bold(look.title), columns=4)]] if look.title else []
    rows += [keys[:4], keys[4:]] if look.legend else []
    rows += [[cell(small(total_costs(graph)), columns=4)]] if look.costs else []
    return table(rows, border=0, spacing=2) if rows else ""


def _modules(copies: Copies) -> list[Module]:
    return [part.module for part in copies if isinstance(part, Cluster)]


def _location(copies: Copies) -> str:
    return " ".join(location(module.span) for module in _modules(copies)[:1]) or " "


def _times(copies: Copies) -> str:
    first = copies[0]
    return times(len(first.copies) if isinstance(first, Repetition) else len(copies))
