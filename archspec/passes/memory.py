"""Activation memory: what backward keeps, and what inference needs at its peak."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import prod

from archspec.ir.graph import Graph, Node, Shape, Value
from archspec.ops.op import bytes_of
from archspec.ops.registry import OPS

# What allocates a tensor: the node that makes it, or None for the network's input.
Maker = Node | None


@dataclass(frozen=True, slots=True)
class Memory:
    """Bytes of the activations of a batch, for one node."""

    kept: int  # what backward needs of it, and of no node before
    live: int  # what inference holds while it runs; 0 in a head, which then does not


def activation_memory(graph: Graph, batch: int) -> dict[Node, Memory]:
    """For every node, in the order in which they run."""
    live = _live(graph, batch)
    kept = zip(graph.nodes, _kept(graph, batch), strict=True)
    return {node: Memory(int(size), int(live.get(node, 0))) for node, size in kept}


def _kept(graph: Graph, batch: int) -> Iterator[int]:
    """What each node stores for backward; a tensor counts where it is stored first."""
    stored: set[Maker] = set()
    trained: set[Maker] = set()  # whose tensors need a gradient
    for node in graph.nodes:
        if node.parameters or any(_maker(x) in trained for x in node.inputs):
            trained.add(_maker(node.output))
            new = {_maker(x) for x in _stored(node, trained)} - stored
            stored |= new
            yield _beside(node, batch) + sum(_size(m, graph, batch) for m in new)
        else:
            yield 0


def _stored(node: Node, trained: set[Maker]) -> tuple[Value, ...]:
    """The tensors that the backward of a node reads."""
    if node.op == "mul":  # the gradient of a factor is made of the others
        return tuple(
            x
            for n, x in enumerate(node.inputs)
            if any(_maker(y) in trained for m, y in enumerate(node.inputs) if m != n)
        )
    keeps = OPS[node.op].keeps if node.op in OPS else "nothing"
    return {"input": node.inputs, "output": (node.output,), "nothing": ()}[keeps]


def _beside(node: Node, batch: int) -> int:
    if node.op not in OPS:
        return 0
    x, y = node.inputs[0].shape, node.output.shape
    return OPS[node.op].beside(batch, x, y, **node.values)


def _live(graph: Graph, batch: int) -> dict[Node, int]:
    """The tensors held while each node runs; one is freed once all have read it."""
    in_heads = {node for head in graph.heads for node in head.nodes}
    nodes = [node for node in graph.nodes if node not in in_heads]
    live: dict[Node, int] = {}
    last: dict[Maker, int] = {}
    for number, node in enumerate(nodes):
        for value in (*node.inputs, node.output):
            last[_maker(value, inference=True)] = number
    last[_maker(graph.output, inference=True)] = len(nodes)
    held: dict[Maker, int] = {None: _size(None, graph, batch)}
    for number, node in enumerate(nodes):
        producing_node = _maker(node.output, inference=True)
        held[producing_node] = _size(producing_node, graph, batch)
        live[node] = sum(held.values())
        held = {
            producing_node: size
            for producing_node, size in held.items()
            if last[producing_node] > number
        }
    return live


def _maker(value: Value, *, inference: bool = False) -> Maker:
    """What allocated a value's memory: not a view, nor a chunk of a split."""
    views = ("always", "inference") if inference else ("always",)
    node = value.producer
    while node and node.op in OPS and OPS[node.op].view in views:
        node = node.inputs[0].producer
    return node


def _size(producing_node: Maker, graph: Graph, batch: int) -> int:
    shape: Shape | None = (
        producing_node.output if producing_node else graph.input
    ).shape
    assert shape is not None
    return bytes_of(batch * prod(shape))
