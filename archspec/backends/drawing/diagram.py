"""What a drawing shows of a network: boxes, blocks, joins, and what repeats.

A box is a layer together with the norms and activations around it, as people draw
them. What comes several times in a row, alike in structure and shapes, is one `Run`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from archspec.backends.drawing.captions import call
from archspec.ir.graph import (
    Choice,
    Graph,
    Head,
    Item,
    Layer,
    Merge,
    Module,
    Node,
    Reference,
    Repeat,
    Shape,
    Value,
    producing_node,
)
from archspec.ops.registry import OPS

LIGHT = ("normalization", "activation", "regularization")  # kinds that share a box


@dataclass(frozen=True, slots=True)
class Box:
    """Layers in a row, at most one of which does more than adjust."""

    layers: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Group:
    """A block or a labelled group, and what is in it."""

    module: Module
    parts: tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class Join:
    """Branches, and the node that joins them."""

    node: Node
    branches: tuple[tuple[Part, ...], ...]
    split: bool


@dataclass(frozen=True, slots=True)
class Run:
    """Parts that come several times in a row, once for each time."""

    copies: tuple[tuple[Part, ...], ...]


@dataclass(frozen=True, slots=True)
class Jump:
    """The chain goes on from an earlier label."""

    label: str
    value: Value


@dataclass(frozen=True, slots=True)
class Side:
    """A head: what comes in goes on beside it, and its parts end in an output."""

    head: Head
    parts: tuple[Part, ...]


Part = Box | Group | Join | Run | Jump | Side
Shared = frozenset[Node | None]  # what several layers read


def sketch(graph: Graph) -> tuple[Part, ...]:
    """The parts of a network."""
    readers = Counter(
        producing_node(value) for node in graph.nodes for value in node.inputs
    )
    shared = frozenset(node for node, count in readers.items() if count > 1)
    return _sketch(graph.body, shared)


def nodes(parts: Iterable[Part]) -> Iterator[Node]:
    """Every node that is drawn, in the order in which they run."""
    for part in parts:
        match part:
            case Box():
                yield from part.layers
            case Group():
                yield from nodes(part.parts)
            case Join():
                for branch in part.branches:
                    yield from nodes(branch)
                yield part.node
            case Side():
                yield from nodes(part.parts)
            case Run():
                for copy in part.copies:
                    yield from nodes(copy)


def entry(part: Part) -> Value:
    """What a part reads."""
    match part:
        case Box():
            return part.layers[0].inputs[0]
        case Group():
            return part.module.input
        case Join():
            assert part.node.output.before
            return part.node.output.before
        case Run():
            return entry(part.copies[0][0])
        case Jump():
            return part.value
        case Side():
            return part.head.input


def output(part: Part) -> Value:
    """What a part makes."""
    match part:
        case Box():
            return part.layers[-1].output
        case Group():
            return part.module.output
        case Join():
            return part.node.output
        case Run():
            return output(part.copies[-1][-1])
        case Jump():
            return part.value
        case Side():
            return part.head.input


def copies(part: Part) -> Sequence[Part]:
    """The boxes or blocks of a run of them, or else the part itself."""
    if isinstance(part, Run):
        first, *others = part.copies[0]
        if not others and isinstance(first, Box | Group):
            return [copy[0] for copy in part.copies]
    return [part]


def branch_label(branch: Sequence[Part]) -> str:
    """The label of a branch that is one labelled layer or group, or ""."""
    match branch:
        case (Box((node,)),):
            label = node.path.rpartition(".")[2]
        case (Group(module),) if not module.block:
            label = str(module.name.value)
        case _:
            return ""
    return "" if label.isdigit() else label


# --- from items to parts -------------------------------------------------------------


def _sketch(body: Iterable[Item], shared: Shared) -> tuple[Part, ...]:
    boxed = _boxed(_parts(body, shared), shared)
    return tuple(_runs((part,) for part in boxed))


def _parts(body: Iterable[Item], shared: Shared) -> Iterator[Part]:
    for item in body:
        match item:
            case Layer() if item.node.op != "identity":
                yield Box((item.node,))
            case Module():
                parts = _sketch(item.body, shared)
                is_drawn = any(nodes(parts))  # else it is a way around
                yield from (Group(item, parts),) if is_drawn else parts
            case Merge():
                branches = tuple(_sketch(branch, shared) for branch in item.branches)
                yield Join(item.node, branches, item.split)
            case Repeat():
                yield from _runs(_sketch(copy, shared) for copy in item.iterations)
            case Choice():
                yield from _parts(item.body, shared)
            case Head():
                yield Side(item, _sketch((item.item,), shared))
            case Reference():
                yield Jump(item.label, item.value)


def _boxed(parts: Iterable[Part], shared: Shared) -> list[Part]:
    """The parts, with layers that belong together in one box."""
    found: list[Part] = []
    for part in parts:
        match found[-1:], part:
            case [Box(before)], Box(after) if before[-1] not in shared and _is_one(
                (*before, *after)
            ):
                found[-1] = Box((*before, *after))
            case _:
                found.append(part)
    return found


def _is_one(layers: Iterable[Node]) -> bool:
    return sum(not _is_light(node) for node in layers) <= 1


def _is_light(node: Node) -> bool:
    """A norm or the like, or a `flatten` that drops nothing but axes of size 1."""
    family, before, after = OPS[node.op].family, node.inputs[0].shape, node.output.shape
    return family in LIGHT or (family == "shape" and _long(before) == _long(after))


def _long(shape: Shape | None) -> list[int]:
    return [int(size) for size in shape or () if size != 1]


# --- what is alike -------------------------------------------------------------------


def _runs(every: Iterable[tuple[Part, ...]]) -> Iterator[Part]:
    """Parts as they are, and a run for those that come again at once."""
    for _, same in groupby(every, _signature):
        run = tuple(same)
        if len(run) > 1 and run[0]:
            yield Run(run)
        else:
            yield from run[0]


def _signature(parts: Iterable[Part]) -> Hashable:
    """What two copies must share to be drawn once: all but their names."""
    return tuple(_alike(part) for part in parts)


def _alike(part: Part) -> Hashable:
    match part:
        case Box():
            return tuple(_layer(node) for node in part.layers)
        case Group():
            return call(part.module), _signature(part.parts)
        case Join():
            branches = tuple(_signature(branch) for branch in part.branches)
            return _layer(part.node), branches
        case Run():
            return len(part.copies), _signature(part.copies[0])
        case Jump():
            return part.label
        case Side():
            return part.head.name


def _layer(node: Node) -> Hashable:
    shapes = tuple(value.shape for value in (*node.inputs, node.output))
    return node.op, tuple(sorted(node.values.items())), shapes
