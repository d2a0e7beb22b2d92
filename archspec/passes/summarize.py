"""The rows of a summary: a layer each, or a block each where they are folded."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from archspec.diagnostics.source import Source, Span
from archspec.ir.graph import Choice, Item, Layer, Merge, Module, Repeat, Shape, walk


@dataclass(frozen=True, slots=True)
class Row:
    """A layer or a folded block; shapes without the batch, MACs for one image."""

    path: str
    op: str  # the op, or the name of the block that is folded here
    block: str  # the block it stands in, or ""
    line: int  # in the spec: of the layer, or of the call of its block
    input: Shape
    output: Shape
    params: int
    macs: int


def summarize(
    body: tuple[Item, ...], source: Source, depth: int | None = None
) -> Iterator[Row]:
    """Rows in the order in which the layers run.

    With a depth, blocks and labelled groups that lie deeper are one row each: depth 1
    folds everything below the network's own steps.
    """
    return _rows(body, source, depth, "")


def _rows(
    body: tuple[Item, ...], source: Source, depth: int | None, block: str
) -> Iterator[Row]:
    for item in body:
        match item:
            case Layer():
                yield _layer_row(item, source)
            case Module() if depth is not None and depth <= 1:
                yield _folded_row(item, source, block)
            case Module():
                inner = None if depth is None else depth - 1
                yield from _rows(item.body, source, inner, item.block or block)
            case Merge():
                for branch in item.branches:
                    yield from _rows(branch, source, depth, block)
            case Repeat():
                for iteration in item.iterations:
                    yield from _rows(iteration, source, depth, block)
            case Choice():
                yield from _rows(item.body, source, depth, block)


def _layer_row(layer: Layer, source: Source) -> Row:
    node = layer.node
    return Row(
        path=node.path,
        op=node.op,
        block=node.block,
        line=line_in(source, (*node.calls, node.span)),
        input=plain(node.inputs[0].shape),
        output=plain(node.output.shape),
        params=node.parameters,
        macs=node.macs,
    )


def _folded_row(module: Module, source: Source, block: str) -> Row:
    nodes = [item.node for item in walk(module.body) if isinstance(item, Layer)]
    return Row(
        path=module.path,
        op=module.block or "group",
        block=block,
        line=line_in(
            source, (*nodes[0].calls[:1], module.span) if nodes else (module.span,)
        ),
        input=plain(module.input.shape),
        output=plain(module.output.shape),
        params=sum(node.parameters for node in nodes),
        macs=sum(node.macs for node in nodes),
    )


def line_in(source: Source, spans: tuple[Span, ...]) -> int:
    """The innermost of some places that lies in a source, as a line from 1."""
    own = [span.line for span in spans if span.source is source]
    return own[-1] if own else spans[0].line


def plain(shape: Shape | None) -> Shape:
    """A shape as plain integers."""
    return tuple(int(size) for size in shape or ())
