"""The rows of a summary: a layer each, or a block each where they are folded."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from archspec.diagnostics.source import Source, Span
from archspec.ir.graph import (
    Choice,
    Graph,
    Head,
    Item,
    Layer,
    Merge,
    Module,
    Node,
    Repeat,
    Shape,
    plain,
    walk,
)
from archspec.passes.memory import Memory, activation_memory


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
    kept_bytes: int  # what backward needs of it, and of no row before
    live_bytes: int  # the most that inference holds while it runs


def summarize(
    graph: Graph, source: Source, depth: int | None = None, batch: int = 1
) -> Iterator[Row]:
    """Rows in the order in which the layers run; their memory is that of a batch.

    With a depth, blocks and labelled groups that lie deeper are one row each: depth 1
    folds everything below the network's own steps.
    """
    return _Rows(source, _memory_of_layers(graph, batch)).of(graph.body, depth, "")


def _memory_of_layers(graph: Graph, batch: int) -> dict[Node, Memory]:
    """A merge has no row: what it costs is on the layer that runs before it."""
    found: dict[Node, Memory] = {}
    layer = None
    for node, memory in activation_memory(graph, batch).items():
        if node.path:
            layer, found[node] = node, memory
        elif layer:
            before = found[layer]
            live = max(before.live, memory.live)
            found[layer] = Memory(before.kept + memory.kept, live)
    return found


@dataclass(frozen=True, slots=True)
class _Rows:
    source: Source
    memory: dict[Node, Memory]

    def of(
        self, body: tuple[Item, ...], depth: int | None, block: str
    ) -> Iterator[Row]:
        for item in body:
            match item:
                case Layer():
                    yield self.layer(item.node)
                case Module() if depth is not None and depth <= 1:
                    yield self.folded(item, block)
                case Module():
                    inner = None if depth is None else depth - 1
                    yield from self.of(item.body, inner, item.block or block)
                case Merge():
                    for branch in item.branches:
                        yield from self.of(branch, depth, block)
                case Head():
                    yield from self.of((item.item,), depth, block)
                case Repeat():
                    for iteration in item.iterations:
                        yield from self.of(iteration, depth, block)
                case Choice():
                    yield from self.of(item.body, depth, block)

    def layer(self, node: Node) -> Row:
        return Row(
            path=node.path,
            op=node.op,
            block=node.block,
            line=line_in(self.source, (*node.calls, node.span)),
            input=plain(node.inputs[0].shape),
            output=plain(node.output.shape),
            params=node.parameters,
            macs=node.macs,
            kept_bytes=self.memory[node].kept,
            live_bytes=self.memory[node].live,
        )

    def folded(self, module: Module, block: str) -> Row:
        nodes = [item.node for item in walk(module.body) if isinstance(item, Layer)]
        calls = nodes[0].calls[:1] if nodes else ()
        return Row(
            path=module.path,
            op=module.block or "group",
            block=block,
            line=line_in(self.source, (*calls, module.span)),
            input=plain(module.input.shape),
            output=plain(module.output.shape),
            params=sum(node.parameters for node in nodes),
            macs=sum(node.macs for node in nodes),
            kept_bytes=sum(self.memory[node].kept for node in nodes),
            live_bytes=max((self.memory[node].live for node in nodes), default=0),
        )


def line_in(source: Source, spans: tuple[Span, ...]) -> int:
    """The innermost of some places that lies in a source, as a line from 1."""
    own = [span.line for span in spans if span.source is source]
    return own[-1] if own else spans[0].line
