"""What changed between two networks: layers added, removed, changed, resized."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

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
    Value,
    plain,
    producing_node,
    walk,
)
from archspec.ops.registry import OPS
from archspec.passes.alignment import in_common
from archspec.signatures.signature import show

Part = Layer | Module | Merge
Pair = tuple[Part | None, Part | None]


@dataclass(frozen=True, slots=True)
class Side:
    """A layer, a join of branches or a whole block, in one of the networks."""

    path: str  # of a join, that of the level it stands in
    op: str
    input: Shape
    output: Shape
    params: int
    macs: int
    layers: int  # none in a join; identities, which do nothing, are none


@dataclass(frozen=True, slots=True)
class Detail:
    """An argument, a name or an input that differs, as a spec would write it."""

    what: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Change:
    """One difference. What is resized is as before and reads another shape."""

    change: Literal["added", "removed", "changed", "resized"]
    before: Side | None
    after: Side | None
    details: tuple[Detail, ...] = ()


def compare(before: Graph, after: Graph) -> list[Change]:
    """The differences, in the order of the second network."""
    pairing = _Pairing()
    pairs = pairing.of(before.body, after.body)
    matched = {
        a.node: b.node
        for a, b in _leaves(pairs)
        if isinstance(a, Layer | Merge) and isinstance(b, Layer | Merge)
    }
    heads = {head.item for graph in (before, after) for head in graph.heads}
    return list(_changes(pairs, _Known(matched, heads), ""))


# --- which part is which -------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Match:
    """Two parts that stand for each other, or one that has no other."""

    before: Part | None
    after: Part | None
    inner: tuple[_Match, ...] = ()  # of two blocks


class _Pairing:
    """Parts are one by their label, else by their place among the parts around them."""

    def __init__(self) -> None:
        self.numbers: dict[Hashable, int] = {}
        self.known: dict[Part, int] = {}

    def of(
        self, before: tuple[Item, ...], after: tuple[Item, ...]
    ) -> tuple[_Match, ...]:
        ours, theirs = list(_parts(before)), list(_parts(after))
        by_label = {_label(part): part for part in theirs if _label(part)}
        pairs: list[Pair] = [
            (part, by_label[_label(part)])
            for part in ours
            if type(by_label.get(_label(part))) is type(part)
        ]
        taken = {part for pair in pairs for part in pair}
        pairs += _aligned(
            [part for part in ours if part not in taken],
            [part for part in theirs if part not in taken],
            (self.content, _kind, _family),
        )
        pairs = [one for pair in pairs for one in self.unless_strangers(*pair)]
        return tuple(self.match(*pair) for pair in _in_order(pairs, ours, theirs))

    def unless_strangers(self, before: Part | None, after: Part | None) -> list[Pair]:
        """Blocks of two names are compared where most of their layers are the same."""
        if isinstance(before, Module) and isinstance(after, Module):
            ours, theirs = self.leaves(before), self.leaves(after)
            shared = (ours & theirs).total()
            if _kind(before) != _kind(after) and shared <= ours.total() // 2:
                return [(before, None), (None, after)]
        return [(before, after)]

    def leaves(self, block: Module) -> Counter[int]:
        leaves: list[Part] = [*_layers(block)]
        leaves += [item for item in walk(block.body) if isinstance(item, Merge)]
        return Counter(self.content(leaf) for leaf in leaves)

    def match(self, before: Part | None, after: Part | None) -> _Match:
        if isinstance(before, Module) and isinstance(after, Module):
            return _Match(before, after, self.of(before.body, after.body))
        return _Match(before, after)

    def content(self, part: Part) -> int:
        """A number that parts have in common which are the same throughout."""
        if part not in self.known:
            inner: Hashable
            match part:
                case Layer():
                    inner = tuple(part.node.values.items())
                case Merge():
                    inner = len(part.branches)
                case Module():
                    inner = tuple(self.content(other) for other in _parts(part.body))
            key = (_kind(part), inner)
            self.known[part] = self.numbers.setdefault(key, len(self.numbers))
        return self.known[part]


def _aligned(
    before: Sequence[Part],
    after: Sequence[Part],
    keys: tuple[Callable[[Part], Hashable], ...],
) -> Iterator[Pair]:
    """Pairs of what is equal by the first key; between them, by the next ones."""
    if not keys or not before or not after:
        yield from ((part, None) for part in before)
        yield from ((None, part) for part in after)
        return
    key, *others = keys
    ours, theirs = list(map(key, before)), list(map(key, after))
    a = c = 0
    for b, d in [*in_common(ours, theirs), (len(ours), len(theirs))]:
        yield from _aligned(before[a:b], after[c:d], tuple(others))
        yield from zip(before[b : b + 1], after[d : d + 1], strict=True)
        a, c = b + 1, d + 1


def _in_order(
    pairs: Sequence[Pair], before: Sequence[Part], after: Sequence[Part]
) -> list[Pair]:
    """As the second network runs; what is removed stands where it stood."""
    partner = {a: b for a, b in pairs if a is not None}
    other = {b: a for a, b in pairs if b is not None}
    removed: dict[Part | None, list[Pair]] = {}
    place: Part | None = None
    for part in before:
        if partner[part] is None:
            removed.setdefault(place, []).append((part, None))
        else:
            place = part
    ordered = list(removed.get(None, ()))
    for part in after:
        ordered.append((other[part], part))
        if other[part] is not None:
            ordered += removed.get(other[part], ())
    return ordered


def _parts(body: tuple[Item, ...]) -> Iterator[Part]:
    """The layers, blocks and joins of one level, in the order in which they run.

    An identity is none, nor is a block of nothing else.
    """
    for item in body:
        match item:
            case Layer() if item.node.op != "identity":
                yield item
            case Module() if any(_parts(item.body)):
                yield item
            case Merge():
                for branch in item.branches:
                    yield from _parts(branch)
                yield item
            case Repeat():
                for iteration in item.iterations:
                    yield from _parts(iteration)
            case Choice():
                yield from _parts(item.body)
            case Head():
                yield from _parts((item.item,))


def _layers(block: Module) -> Iterator[Layer]:
    """All that are in a block, but for identities."""
    for item in walk(block.body):
        if isinstance(item, Layer) and item.node.op != "identity":
            yield item


def _leaves(matches: Sequence[_Match]) -> Iterator[Pair]:
    for match in matches:
        yield match.before, match.after
        yield from _leaves(match.inner)


def _label(part: Part) -> str:
    """A name that was given, not counted."""
    name = "" if isinstance(part, Merge) else str(part.name.value)
    return "" if name.isdigit() else name


def _kind(part: Part) -> str:
    match part:
        case Layer():
            return part.node.op
        case Merge():
            return "split" if part.split else part.node.op
        case Module():
            return part.block or "group"


def _family(part: Part) -> str:
    return OPS[part.node.op].family if isinstance(part, Layer) else type(part).__name__


# --- what differs --------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Known:
    """What has to be known of both networks to compare two parts."""

    matched: dict[Node, Node]
    heads: set[Layer | Module]


def _changes(matches: Sequence[_Match], known: _Known, level: str) -> Iterator[Change]:
    for match in matches:
        before, after = match.before, match.after
        ours = _side(before, level) if before else None
        theirs = _side(after, level) if after else None
        if before is None or after is None:
            yield Change("removed" if before else "added", ours, theirs)
            continue
        assert ours
        assert theirs
        details = tuple(_details(before, after, known))
        inner = list(_changes(match.inner, known, theirs.path))
        if details:
            yield Change("changed", ours, theirs, details)
        elif not match.inner and _costs(ours) != _costs(theirs):
            yield Change("resized", ours, theirs)
        if inner and all(change.change == "resized" for change in inner):
            yield Change("resized", ours, theirs)
        else:
            yield from inner


def _costs(side: Side) -> tuple[Shape, int, int]:
    return side.output, side.params, side.macs


def _side(part: Part, level: str) -> Side:
    if isinstance(part, Module):
        nodes = [layer.node for layer in _layers(part)]
        path, output = part.path, part.output
    else:
        nodes = [part.node] if isinstance(part, Layer) else []
        path, output = part.node.path or level, part.node.output
    return Side(
        path,
        _kind(part),
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
        case Merge():
            return part.node.output.before or part.node.inputs[0]
        case Layer():
            return part.node.inputs[0]


def _details(before: Part, after: Part, known: _Known) -> Iterator[Detail]:
    if (before in known.heads) != (after in known.heads):
        yield Detail("aux", show(before in known.heads), show(after in known.heads))
    if not isinstance(before, Merge) and not isinstance(after, Merge):
        one, other = str(before.name.value), str(after.name.value)
        if one != other and (_label(before) or _label(after)):
            yield Detail("name", one, other)
    if isinstance(before, Module) or isinstance(after, Module):
        return
    if _kind(before) != _kind(after):
        yield Detail("op", _kind(before), _kind(after))
    yield from _arguments(before.node, after.node)
    yield from _inputs(before.node, after.node, known.matched)


def _arguments(before: Node, after: Node) -> Iterator[Detail]:
    """Those that both ops take."""
    ours, theirs = before.values, after.values
    for parameter in OPS[after.op].parameters if after.op in OPS else ():
        name = parameter.name
        if name in ours and ours[name] != theirs[name]:
            yield Detail(parameter.shown, show(ours[name]), show(theirs[name]))


def _inputs(before: Node, after: Node, matched: dict[Node, Node]) -> Iterator[Detail]:
    """Where a node reads, unless that is itself new or gone."""
    if len(before.inputs) != len(after.inputs):
        yield Detail("branches", str(len(before.inputs)), str(len(after.inputs)))
        return
    here = set(matched.values())
    for x, y in zip(before.inputs, after.inputs, strict=True):
        one, other = producing_node(x), producing_node(y)
        if one not in matched and one is not None:
            continue
        if other not in here and other is not None:
            continue
        if (matched[one] if one else None) is not other:
            yield Detail("reads", _source(x), _source(y))


def _source(value: Value) -> str:
    node = producing_node(value)
    return (node.path or node.op) if node else "input"
