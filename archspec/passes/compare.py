"""The changes between two networks: parts added, removed, changed or resized."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from archspec.ir.graph import (
    INPUT,
    Collect,
    Graph,
    Joined,
    Layer,
    Merge,
    Module,
    Node,
    Sizes,
    Tied,
    Value,
    nodes_in,
    plain,
    producing_node,
)
from archspec.ops.registry import OPS
from archspec.passes.matching import (
    Match,
    Part,
    all_pairs,
    kind_of,
    label_of,
    layers_in,
    match_parts,
)
from archspec.signatures.signature import show

COMMUTATIVE = ("add", "mul", "maximum")  # merges of branches in any order


@dataclass(frozen=True, slots=True)
class ComparedPart:
    """A layer, a merge or a whole block, in one of the networks."""

    path: str  # of a merge, the path of the level around it
    op: str
    input: Sizes
    output: Sizes
    params: int
    macs: int
    layers: int  # without identities; 0 for a merge


@dataclass(frozen=True, slots=True)
class Detail:
    """A difference in an argument, a name or an input, as a spec writes it.

    `conv(8, k=3)` and `conv(8, k=5)` differ in `k`, `3` before and `5` after.
    """

    what: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Change:
    """One difference. A resized part is unchanged, but its input has another shape.

    The field names of this class and its parts are keys of `diff --format json`.
    """

    change: Literal["added", "removed", "changed", "resized"]
    before: ComparedPart | None
    after: ComparedPart | None
    details: tuple[Detail, ...] = ()


def compare(before: Graph, after: Graph) -> list[Change]:
    """Return the changes, in the order of the second network.

    From `conv(8, k=1) | relu` to `conv(8, k=3, p=1) | bn | relu`, `conv` is changed, with
    the details `k 1 -> 3` and `p 0 -> 1`, and `bn` is added.
    """
    matches = match_parts(before.body, after.body)
    matched = {
        a.node: b.node
        for a, b in all_pairs(matches)
        if isinstance(a, Layer | Joined) and isinstance(b, Layer | Joined)
    }
    heads = {head.item for graph in (before, after) for head in graph.heads}
    return list(_changes(matches, _Networks(matched, heads), ""))


@dataclass(frozen=True, slots=True)
class _Networks:
    """Facts about both networks that the comparison of two parts depends on."""

    matched: dict[Node, Node]
    heads: set[Layer | Module]


def _changes(
    matches: Sequence[Match], networks: _Networks, level: str
) -> Iterator[Change]:
    for match in matches:
        before, after = match.before, match.after
        old = _compared_part(before, level) if before else None
        new = _compared_part(after, level) if after else None
        if before is None or after is None:
            yield Change("removed" if before else "added", old, new)
            continue
        assert old
        assert new
        details = tuple(_details(before, after, networks))
        inner = list(_changes(match.inner, networks, new.path))
        if details:
            yield Change("changed", old, new, details)
        elif not match.inner and _size(old) != _size(new):
            yield Change("resized", old, new)
        if inner and all(change.change == "resized" for change in inner):
            yield Change("resized", old, new)
        else:
            yield from inner


def _size(part: ComparedPart) -> tuple[Sizes, int, int]:
    return part.output, part.params, part.macs


def _compared_part(part: Part, level: str) -> ComparedPart:
    if isinstance(part, Module):
        nodes = [layer.node for layer in layers_in(part)]
        path, output = part.path, part.output
    elif isinstance(part, Tied):
        nodes = [node for node in nodes_in((part.item,)) if node.path]
        path, output = part.name or level, part.output
    else:
        nodes = [part.node] if isinstance(part, Layer) else []
        path, output = part.node.path or level, part.node.output
    return ComparedPart(
        path,
        kind_of(part),
        plain(_input(part).shape),
        plain(output.shape),
        sum(node.parameters for node in nodes),
        sum(node.macs for node in nodes),
        len(nodes),
    )


def _input(part: Part) -> Value:
    match part:
        case Module():
            return part.input
        case Merge() | Collect():
            return part.node.output.before or part.node.inputs[0]
        case Layer():
            return part.node.inputs[0]
        case Tied():
            return _input(part.item)


# --- details -------------------------------------------------------------------------


def _details(before: Part, after: Part, networks: _Networks) -> Iterator[Detail]:
    if (before in networks.heads) != (after in networks.heads):
        old, new = (show(part in networks.heads) for part in (before, after))
        yield Detail("aux", old, new)
    if isinstance(before, Layer | Module) and isinstance(after, Layer | Module):
        old, new = str(before.name.value), str(after.name.value)
        if old != new and (label_of(before) or label_of(after)):
            yield Detail("name", old, new)
    if isinstance(before, Tied) or isinstance(after, Tied):
        if kind_of(before) != kind_of(after):
            yield Detail("op", kind_of(before), kind_of(after))
        return
    if isinstance(before, Module) or isinstance(after, Module):
        return
    if kind_of(before) != kind_of(after):
        yield Detail("op", kind_of(before), kind_of(after))
    yield from _arguments(before.node, after.node)
    yield from _inputs(before.node, after.node, networks.matched)


def _arguments(before: Node, after: Node) -> Iterator[Detail]:
    """Compare the arguments that both ops take."""
    old, new = before.values, after.values
    for parameter in OPS[after.op].parameters if after.op in OPS else ():
        name = parameter.name
        if name in old and old[name] != new[name]:
            yield Detail(parameter.shown, show(old[name]), show(new[name]))


def _inputs(before: Node, after: Node, matched: dict[Node, Node]) -> Iterator[Detail]:
    """Compare the producers of the inputs, except those that were added or removed."""
    if len(before.inputs) != len(after.inputs):
        yield Detail("branches", str(len(before.inputs)), str(len(after.inputs)))
        return
    counterparts = set(matched.values())
    for x, y in zip(before.inputs, _in_order(before, after, matched), strict=True):
        old, new = _layer(x), _layer(y)
        if old not in matched and old is not None:
            continue
        if new not in counterparts and new is not None:
            continue
        are_inputs = old is new is None and _producer(x) != _producer(y)
        if (matched[old] if old else None) is not new or are_inputs:
            yield Detail("reads", _producer(x), _producer(y))


def _in_order(before: Node, after: Node, matched: dict[Node, Node]) -> list[Value]:
    """The inputs of `after`; where their order has no effect, in that of `before`."""
    rest = [*after.inputs]
    if after.op not in COMMUTATIVE:
        return rest
    found: list[Value | None] = []
    for x in before.inputs:
        old = _layer(x)
        same = [y for y in rest if old in matched and matched[old] is _layer(y)]
        found.append(same[0] if same else None)
        rest = [y for y in rest if y is not found[-1]]
    return [y or rest.pop(0) for y in found]


def _layer(value: Value) -> Node | None:
    """The node that makes a value; None for an input."""
    node = producing_node(value)
    return None if node and node.op == INPUT else node


def _producer(value: Value) -> str:
    node = producing_node(value)
    return (node.path or node.op) if node else "input"
