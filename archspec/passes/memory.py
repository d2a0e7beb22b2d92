"""Activation memory: tensors saved for the backward pass, and the peak of inference."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import compress
from math import prod

from archspec.ir.graph import Graph, Node, Shape, Value
from archspec.ops.merging import MERGES
from archspec.ops.registry import OPS
from archspec.ops.shapes import bytes_of

# The node that allocated a tensor; None if the tensor is the network's unnamed input.
Producer = Node | None


@dataclass(frozen=True, slots=True)
class Memory:
    """Bytes of the activations of a batch, for one node."""

    saved: int  # saved for the backward pass by this node, and by no node before it
    live: int  # allocated while inference runs it; 0 in a head, which training runs


def activation_memory(graph: Graph, batch: int) -> dict[Node, Memory]:
    """Return the memory of every node, in the order in which they run."""
    live = _live_bytes(graph, batch)
    saved = zip(graph.nodes, _saved_bytes(graph, batch), strict=True)
    return {node: Memory(int(size), int(live.get(node, 0))) for node, size in saved}


# --- training ------------------------------------------------------------------------


def _saved_bytes(graph: Graph, batch: int) -> Iterator[int]:
    """Yield what each node saves; a tensor counts for the first node that saves it.

    In `conv | relu | conv`, the ReLU saves its output and the second convolution its
    input. Both are one tensor, which counts for the ReLU.
    """
    saved: set[Producer] = set()
    trained: set[Producer] = set()  # whose tensors need a gradient
    for node in graph.nodes:
        if node.weights or any(_producer(x) in trained for x in node.inputs):
            trained.add(_producer(node.output))
            new = {_producer(x) for x in _saved_values(node, trained)} - saved
            saved |= new
            yield _extra_bytes(node, batch) + sum(_size(p, graph, batch) for p in new)
        else:
            yield 0


def _saved_values(node: Node, trained: set[Producer]) -> Iterator[Value]:
    if node.op in MERGES:
        needs_gradient = [_producer(x) in trained for x in node.inputs]
        saved_inputs = MERGES[node.op].saved_inputs(needs_gradient)
        yield from compress(node.inputs, saved_inputs)
        return
    saved = OPS[node.op].saved_for_backward
    if saved.input:
        yield from node.inputs
    if saved.output:
        yield node.output


def _extra_bytes(node: Node, batch: int) -> int:
    if node.op in MERGES:
        return 0
    x, y = node.inputs[0].shape, node.output.shape
    saved = OPS[node.op].saved_for_backward
    return saved.extra_bytes(batch, x, y, **node.values)


# --- inference -----------------------------------------------------------------------


def _live_bytes(graph: Graph, batch: int) -> dict[Node, int]:
    """Sum the tensors allocated while each node runs.

    A tensor is freed after the last node that reads it.
    """
    in_heads = {node for head in graph.heads for node in head.nodes}
    nodes = [node for node in graph.nodes if node not in in_heads]
    last_read: dict[Producer, int] = {}
    for number, node in enumerate(nodes):
        for value in (*node.inputs, node.output):
            last_read[_producer(value, inference=True)] = number
    for port in graph.outputs:
        last_read[_producer(port.value, inference=True)] = len(nodes)
    freed: list[list[Producer]] = [[] for _ in range(len(nodes) + 1)]  # after a node
    for producer, number in last_read.items():
        freed[number].append(producer)
    allocated = {port.value.producer for port in graph.inputs}
    total = sum(_size(producer, graph, batch) for producer in allocated)
    live: dict[Node, int] = {}
    for node, unread in zip(nodes, freed, strict=False):
        new = _producer(node.output, inference=True)
        if new not in allocated:
            allocated.add(new)
            total += _size(new, graph, batch)
        live[node] = total
        allocated.difference_update(unread)
        total -= sum(_size(producer, graph, batch) for producer in unread)
    return live


# --- tensors -------------------------------------------------------------------------


def _producer(value: Value, *, inference: bool = False) -> Producer:
    """Return the node that allocated the memory of a value.

    A view and a chunk of a `split` share the memory of their input: after
    `conv | flatten`, the producer is the convolution.
    """
    views = ("always", "inference") if inference else ("always",)
    node = value.producer
    while node and node.op in OPS and OPS[node.op].view in views:
        node = node.inputs[0].producer
    return node


def _size(producer: Producer, graph: Graph, batch: int) -> int:
    shape: Shape | None = (producer.output if producer else graph.inputs[0].value).shape
    assert shape is not None
    return bytes_of(batch * prod(shape))
