"""The rows of `archspec summary`: one per layer, or one per folded block."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

from archspec.diagnostics.source import Source, Span
from archspec.ir.graph import (
    Choice,
    Collect,
    Graph,
    Head,
    Item,
    Layer,
    Merge,
    Module,
    Node,
    Repeat,
    Sizes,
    Tied,
    Value,
    nodes_in,
    plain,
)
from archspec.passes.memory import Memory, activation_memory
from archspec.passes.receptive_field import Fields, receptive_fields


@dataclass(frozen=True, slots=True)
class Row:
    """A layer or a folded block; shapes without the batch, MACs for one image.

    The field names are the keys of `--format json` and the header of `--format csv`.
    """

    path: str
    op: str  # of the layer, or the name of the folded block
    block: str  # the block that contains it, or ""
    line: int  # in the spec: of the layer, or of the call of its block
    input: Sizes
    output: Sizes
    params: int
    macs: int
    kept_bytes: int  # saved for the backward pass by it, and by no row before it
    live_bytes: int  # the most that is allocated while inference runs it
    receptive_field: tuple[float, ...] | None  # along each spatial axis; None: unknown
    stride: tuple[float, ...] | None  # in positions of the input


def summarize(
    graph: Graph, source: Source, depth: int | None = None, batch: int = 1
) -> Iterator[Row]:
    """Yield the rows in the order in which the layers run, with the memory of a batch.

    A depth folds deeper blocks and labeled groups into one row each: depth 1 folds
    everything below the network's own steps, so `stem: conv(64, k=7) | relu` is one
    row, `stem`, instead of `stem.0` and `stem.1`.
    """
    memory = _memory_of_layers(graph, batch)
    return _Rows(source, memory, receptive_fields(graph)).of(graph.body, depth, "")


def _memory_of_layers(graph: Graph, batch: int) -> dict[Node, Memory]:
    """Return the memory of each layer, which includes that of the merges after it.

    A merge has no row of its own.
    """
    found: dict[Node, Memory] = {}
    layer = None
    for node, memory in activation_memory(graph, batch).items():
        if node.path:
            layer, found[node] = node, memory
        elif layer:
            own = found[layer]
            live = max(own.live, memory.live)
            found[layer] = Memory(own.saved + memory.saved, live)
    return found


@dataclass(frozen=True, slots=True)
class _Rows:
    source: Source
    memory: dict[Node, Memory]
    fields: dict[Node | None, Fields]

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
                case Head() | Tied():
                    yield from self.of((item.item,), depth, block)
                case Repeat():
                    for iteration in item.iterations:
                        yield from self.of(iteration, depth, block)
                case Collect():
                    yield from self.of((item.repeat,), depth, block)
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
            kept_bytes=self.memory[node].saved,
            live_bytes=self.memory[node].live,
            **self.field(node.output),
        )

    def folded(self, module: Module, block: str) -> Row:
        nodes = [node for node in nodes_in(module.body) if node.path]
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
            kept_bytes=sum(self.memory[node].saved for node in nodes),
            live_bytes=max((self.memory[node].live for node in nodes), default=0),
            **self.field(module.output),
        )

    def field(self, output: Value) -> dict[str, tuple[float, ...] | None]:
        """Return the receptive field and the stride of an output."""
        known = self.fields[output.producer]
        shape = output.shape
        axes = [axis for axis in shape.axes if axis in known] if shape else []
        if not axes:
            return {"receptive_field": None, "stride": None}
        return {
            "receptive_field": tuple(_number(known[axis].size) for axis in axes),
            "stride": tuple(_number(known[axis].stride) for axis in axes),
        }


def _number(value: Fraction) -> float:
    return int(value) if value.denominator == 1 else float(value)


def line_in(source: Source, spans: tuple[Span, ...]) -> int:
    """Return the line, from 1, of the innermost place in a source.

    `spans` are the calls around a step and the step itself, outermost first. A step of
    a block in the library has the line of the call in the spec.
    """
    own = [span.line for span in spans if span.source is source]
    return own[-1] if own else spans[0].line
