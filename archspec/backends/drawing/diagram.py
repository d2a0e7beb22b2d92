"""The diagram of a network: boxes, clusters, joins, and what is repeated.

A box is one layer together with the norms and activations next to it. A sequence of
parts with equal structure and shapes is one `Repetition`. The spec

    - repeat: residual(64)
      times: 2
    - conv(128, k=3) | bn | relu
    - flatten | linear(10)

has the diagram

    Repetition  2 times
      Cluster   residual(64)
    Box         conv, bn, relu
    Box         flatten
    Box         linear
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from archspec.backends.drawing.captions import call
from archspec.backends.drawing.op_family_styles import style_of
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
    Reference,
    Repeat,
    Shape,
    Tied,
    Value,
    producing_node,
    reads_input,
)
from archspec.ops.op import Family
from archspec.ops.registry import OPS


@dataclass(frozen=True, slots=True)
class Box:
    """Layers in a row: at most one main layer, and the minor layers next to it."""

    layers: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Cluster:
    """A frame around the parts of a block or labeled group."""

    module: Module
    parts: tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class Join:
    """Parallel branches, and the node that merges them."""

    node: Node
    branches: tuple[tuple[Part, ...], ...]
    readers: int  # branches that read the input: those that do not begin with a `ref`
    split: bool
    sizes: tuple[int, ...] = ()  # of the chunks of a split, if they differ
    is_chained: bool = False  # whether each branch reads the output of the one before


@dataclass(frozen=True, slots=True)
class Repetition:
    """Parts that are repeated in a row; `copies` has the parts of each time."""

    copies: tuple[tuple[Part, ...], ...]


@dataclass(frozen=True, slots=True)
class BackReference:
    """A `ref`: the next part reads the output of an earlier label."""

    label: str
    value: Value


@dataclass(frozen=True, slots=True)
class AuxBranch:
    """A head, whose parts end in an output. The next part reads what the part before it made."""

    head: Head
    parts: tuple[Part, ...]


Part = Box | Cluster | Join | Repetition | BackReference | AuxBranch
Shared = frozenset[Node | None]  # nodes whose output several nodes read


def build_diagram(graph: Graph) -> tuple[Part, ...]:
    """Build the parts of a network."""
    readers = Counter(
        producing_node(value) for node in graph.nodes for value in node.inputs
    )
    shared = frozenset(node for node, count in readers.items() if count > 1)
    return _build(graph.body, shared)


# --- reading a diagram ---------------------------------------------------------------


def nodes(parts: Iterable[Part]) -> Iterator[Node]:
    """Yield every node that is drawn, in the order in which they run."""
    for part in parts:
        match part:
            case Box():
                yield from part.layers
            case Cluster() | AuxBranch():
                yield from nodes(part.parts)
            case Join():
                for branch in part.branches:
                    yield from nodes(branch)
                yield part.node
            case Repetition():
                for copy in part.copies:
                    yield from nodes(copy)


def entry(part: Part) -> Value:
    """Return the value that a part reads."""
    match part:
        case Box():
            return part.layers[0].inputs[0]
        case Cluster():
            return part.module.input
        case Join():
            assert part.node.output.before
            return part.node.output.before
        case Repetition():
            return entry(part.copies[0][0])
        case BackReference():
            return part.value
        case AuxBranch():
            return part.head.input


def reads_entry(part: Part) -> bool:
    """Return whether a part reads its entry, which a join of labels does not."""
    match part:
        case Cluster():
            return reads_input(part.module.body)
        case Join():
            return part.readers > 0
        case Repetition():
            return reads_entry(part.copies[0][0])
    return True


def output(part: Part) -> Value:
    """Return the value that the part after it reads."""
    match part:
        case Box():
            return part.layers[-1].output
        case Cluster():
            return part.module.output
        case Join():
            return part.node.output
        case Repetition():
            return output(part.copies[-1][-1])
        case BackReference():
            return part.value
        case AuxBranch():
            return part.head.passed


def repeated(part: Part) -> Sequence[Part]:
    """Return the boxes or clusters of a repetition of one, else the part itself.

    Three times `conv` are drawn as a box with `× 3`, and need no frame around it.
    """
    if isinstance(part, Repetition):
        first, *others = part.copies[0]
        if not others and isinstance(first, Box | Cluster):
            return [copy[0] for copy in part.copies]
    return [part]


def branch_label(branch: Sequence[Part]) -> str:
    """Return the label of a branch that is one labeled layer or group, or ""."""
    match branch:
        case (Box((node,)),) if node.is_labeled:
            return node.path.rpartition(".")[2]
        case (Cluster(module),) if not module.block:
            return str(module.name.value)
    return ""


# --- from the items of a graph to parts ----------------------------------------------


def _build(body: Iterable[Item], shared: Shared) -> tuple[Part, ...]:
    boxed = _share_boxes(_parts(body, shared), shared)
    return tuple(_collapse((part,) for part in boxed))


def _parts(body: Iterable[Item], shared: Shared) -> Iterator[Part]:
    for item in body:
        match item:
            case Layer() if item.node.op != "identity":
                yield Box((item.node,))
            case Module():
                parts = _build(item.body, shared)
                has_layers = any(nodes(parts))  # else it is a shortcut, without a frame
                yield from (Cluster(item, parts),) if has_layers else parts
            case Merge():
                branches = tuple(_build(branch, shared) for branch in item.branches)
                chunks = tuple(item.sizes.value) if item.sizes else ()
                readers = sum(map(reads_input, item.branches))
                yield Join(item.node, branches, readers, item.split, chunks)
            case Repeat():
                yield from _collapse(_build(copy, shared) for copy in item.iterations)
            case Collect():
                iterations = [_build(body, shared) for body in item.repeat.iterations]
                yield Join(item.node, ((), *iterations), 2, False, is_chained=True)
            case Choice():
                yield from _parts(item.body, shared)
            case Head():
                start = (item.reads,) if item.reads else ()
                yield AuxBranch(item, _build((*start, item.item), shared))
            case Tied():
                yield from _parts((item.item,), shared)
            case Reference():
                yield BackReference(item.label, item.value)


def _share_boxes(parts: Iterable[Part], shared: Shared) -> list[Part]:
    """Put minor layers into the box of the main layer next to them.

    `bn | conv | relu | conv` -> [bn, conv, relu], [conv]. A layer whose output several
    nodes read ends its box, so that their arrows leave its last layer.
    """
    found: list[Part] = []
    for part in parts:
        match found[-1:], part:
            case [Box(before)], Box(after) if before[-1] not in shared and _fit_one_box(
                (*before, *after)
            ):
                found[-1] = Box((*before, *after))
            case _:
                found.append(part)
    return found


def _fit_one_box(layers: Iterable[Node]) -> bool:
    return sum(not _is_minor(node) for node in layers) <= 1


def _is_minor(node: Node) -> bool:
    """Whether it shares a box: a norm, or a `flatten` of (C, 1, 1), which only views."""
    family, x, y = OPS[node.op].family, node.inputs[0].shape, node.output.shape
    if family is Family.SHAPE:
        return _sizes_above_1(x) == _sizes_above_1(y)
    return style_of(family).is_minor


def _sizes_above_1(shape: Shape | None) -> list[int]:
    return [int(size) for size in shape or () if size != 1]


# --- repetitions ---------------------------------------------------------------------


def _collapse(chunks: Iterable[tuple[Part, ...]]) -> Iterator[Part]:
    """Collapse chunks with equal structure in a row: A A B -> Repetition(A A), B."""
    for _, equal in groupby(chunks, _structure):
        copies = tuple(equal)
        if len(copies) > 1 and copies[0]:
            yield Repetition(copies)
        else:
            yield from copies[0]


def _structure(parts: Iterable[Part]) -> Hashable:
    """Return what parts must share to be drawn once: all but the names of layers."""
    return tuple(_part_structure(part) for part in parts)


def _part_structure(part: Part) -> Hashable:
    match part:
        case Box():
            return tuple(_node_structure(node) for node in part.layers)
        case Cluster():
            return call(part.module), _structure(part.parts)
        case Join():
            branches = tuple(_structure(branch) for branch in part.branches)
            return _node_structure(part.node), branches
        case Repetition():
            return len(part.copies), _structure(part.copies[0])
        case BackReference():
            return part.label
        case AuxBranch():
            return part.head.name


def _node_structure(node: Node) -> Hashable:
    shapes = tuple(value.shape for value in (*node.inputs, node.output))
    arguments = tuple(sorted(node.values.items()))
    return node.op, arguments, shapes, bool(node.tied_to)
