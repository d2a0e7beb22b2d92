"""Match the parts of two networks: which layer, merge or block became which."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import dataclass

from archspec.ir.graph import (
    Choice,
    Collect,
    Head,
    Item,
    Joined,
    Layer,
    Merge,
    Module,
    Repeat,
    Tied,
    walk,
)
from archspec.ops.registry import OPS
from archspec.passes.alignment import longest_common_subsequence

Part = Layer | Module | Joined | Tied
Pair = tuple[Part | None, Part | None]  # before, after; None if there is no match


@dataclass(frozen=True, slots=True)
class Match:
    """Two parts that correspond, or one part without a counterpart."""

    before: Part | None
    after: Part | None
    inner: tuple[Match, ...] = ()  # of the parts in two blocks


def match_parts(before: tuple[Item, ...], after: tuple[Item, ...]) -> tuple[Match, ...]:
    """Match the parts of two bodies, in the order of the second one.

    Parts with the same label match. The others match by their position: first the equal
    ones are aligned, then between those the ones of one op or block, then of one family.

        before: conv(8), relu, maxpool    after: conv(8), bn, gelu, maxpool

    matches `conv` and `maxpool`, then `relu` with `gelu`, and adds `bn`.
    """
    return _Matcher().match_bodies(before, after)


def all_pairs(matches: Sequence[Match]) -> Iterator[Pair]:
    """Yield the pairs of all matches, including those in blocks."""
    for match in matches:
        yield match.before, match.after
        yield from all_pairs(match.inner)


# --- parts ---------------------------------------------------------------------------


def label_of(part: Part) -> str:
    """Return the label of a part; "" if it has a number instead."""
    if isinstance(part, Tied):
        return part.name
    if isinstance(part, Joined) or not part.is_labeled:
        return ""
    return str(part.name.value)


def kind_of(part: Part) -> str:
    """Return the op, or the name of the block."""
    match part:
        case Layer():
            return part.node.op
        case Merge():
            return "split" if part.split else part.node.op
        case Collect():
            return "collect"
        case Module():
            return part.block or "group"
        case Tied():
            return f"tied({part.label})"


def layers_in(block: Module) -> Iterator[Layer]:
    """Yield all layers in a block, except identities."""
    for item in walk(block.body):
        if isinstance(item, Layer) and item.node.op != "identity":
            yield item


def _family(part: Part) -> str:
    return OPS[part.node.op].family if isinstance(part, Layer) else type(part).__name__


def _parts(body: tuple[Item, ...]) -> Iterator[Part]:
    """Yield the layers, blocks and merges of one level, in the order in which they run.

    An identity is not a part, nor is a block that contains only identities.
    """
    for item in body:
        match item:
            case Layer() if item.node.op != "identity":
                yield item
            case Tied():
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
            case Collect():
                yield from _parts((item.repeat,))
                yield item
            case Choice():
                yield from _parts(item.body)
            case Head():
                yield from _parts((item.item,))


# --- matching ------------------------------------------------------------------------


class _Matcher:
    """Matches bodies. It numbers the contents of parts, which makes comparing cheap."""

    def __init__(self) -> None:
        self.numbers: dict[Hashable, int] = {}
        self.contents: dict[Part, int] = {}

    def match_bodies(
        self, before: tuple[Item, ...], after: tuple[Item, ...]
    ) -> tuple[Match, ...]:
        old, new = list(_parts(before)), list(_parts(after))
        by_label = {label_of(part): part for part in new if label_of(part)}
        pairs: list[Pair] = [
            (part, by_label[label_of(part)])
            for part in old
            if type(by_label.get(label_of(part))) is type(part)
        ]
        matched = {part for pair in pairs for part in pair}
        pairs += _aligned(
            [part for part in old if part not in matched],
            [part for part in new if part not in matched],
            (self.content, kind_of, _family),
        )
        pairs = [one for pair in pairs for one in self.without_unrelated(*pair)]
        return tuple(self.match(*pair) for pair in _in_order(pairs, old, new))

    def match(self, before: Part | None, after: Part | None) -> Match:
        if isinstance(before, Module) and isinstance(after, Module):
            return Match(before, after, self.match_bodies(before.body, after.body))
        return Match(before, after)

    def without_unrelated(self, before: Part | None, after: Part | None) -> list[Pair]:
        """Separate blocks of two names unless most of their layers are equal."""
        if isinstance(before, Module) and isinstance(after, Module):
            old, new = self.leaves(before), self.leaves(after)
            equal = (old & new).total()
            if kind_of(before) != kind_of(after) and equal <= old.total() // 2:
                return [(before, None), (None, after)]
        return [(before, after)]

    def leaves(self, block: Module) -> Counter[int]:
        """Count the layers and merges in a block, by their content."""
        leaves: list[Part] = [*layers_in(block)]
        leaves += [item for item in walk(block.body) if isinstance(item, Joined)]
        return Counter(self.content(leaf) for leaf in leaves)

    def content(self, part: Part) -> int:
        """Return a number that all parts with equal content have in common.

        Equal are the op or block, the arguments, and the content of the parts inside.
        """
        if part not in self.contents:
            inner: Hashable
            match part:
                case Layer():
                    inner = tuple(part.node.values.items())
                case Merge() | Collect():
                    inner = len(part.node.inputs)
                case Tied():
                    inner = part.levels
                case Module():
                    inner = tuple(self.content(other) for other in _parts(part.body))
            key = (kind_of(part), inner)
            self.contents[part] = self.numbers.setdefault(key, len(self.numbers))
        return self.contents[part]


def _aligned(
    before: Sequence[Part],
    after: Sequence[Part],
    keys: tuple[Callable[[Part], Hashable], ...],
) -> Iterator[Pair]:
    """Pair what is equal by the first key, then by the other keys between those pairs."""
    if not keys or not before or not after:
        yield from ((part, None) for part in before)
        yield from ((None, part) for part in after)
        return
    key, *others = keys
    old, new = list(map(key, before)), list(map(key, after))
    a = c = 0
    for b, d in [*longest_common_subsequence(old, new), (len(old), len(new))]:
        yield from _aligned(before[a:b], after[c:d], tuple(others))
        yield from zip(before[b : b + 1], after[d : d + 1], strict=True)
        a, c = b + 1, d + 1


def _in_order(
    pairs: Sequence[Pair], before: Sequence[Part], after: Sequence[Part]
) -> list[Pair]:
    """Sort pairs by the second network; what is removed follows the part before it."""
    counterpart = {old: new for old, new in pairs if old is not None}
    origin = {new: old for old, new in pairs if new is not None}
    removed: dict[Part | None, list[Pair]] = {}
    last_kept: Part | None = None
    for part in before:
        if counterpart[part] is None:
            removed.setdefault(last_kept, []).append((part, None))
        else:
            last_kept = part
    ordered = list(removed.get(None, ()))
    for part in after:
        ordered.append((origin[part], part))
        if origin[part] is not None:
            ordered += removed.get(origin[part], ())
    return ordered
