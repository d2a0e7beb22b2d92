"""One template for several bodies: where they differ, it has the values of each.

Each body is a lane. A part that only some bodies have knows in which lanes it is.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from archspec.importing.folding.vectors import Vector
from archspec.importing.inner_bodies import Body, bodies_in, with_bodies
from archspec.importing.steps import (
    Aux,
    Call,
    Join,
    Ref,
    Repeat,
    Shape,
    Split,
    Step,
    Tied,
    Value,
)
from archspec.ops.op import Family
from archspec.ops.registry import OPS

Lanes = frozenset[int]

OP = "op"  # the slot of the name of a call that differs
CHANNELS = "ch"  # not an argument: the channels of the input of the step
ALIKE = 0.5  # of two bodies, the part that must match


@dataclass
class Branch:
    """A body within a part."""

    lanes: Lanes
    parts: list[Part]


@dataclass
class Part:
    """A step in several lanes. `example` is the step of one of them."""

    kind: str  # what must be equal
    label: str | None
    example: Step
    lanes: Lanes
    slots: dict[str, Vector] = field(default_factory=dict)
    branches: list[Branch] = field(default_factory=list)


class MismatchError(Exception):
    """Bodies that have too little in common for one template."""


def channels_of(shape: Shape) -> int | None:
    """The channels of a shape: the last axis of tokens, otherwise the first."""
    if not shape:
        return None
    axes = getattr(shape, "axes", None)
    if axes:
        return int(shape[axes.index("C")])
    return int(shape[-1] if len(shape) == 2 else shape[0])


# --- from a body to parts ------------------------------------------------------------


def parts_of(body: Body, lane: int) -> list[Part]:
    """A body as a template with one lane."""
    return [_part(step, lane) for step in body]


def _part(step: Step, lane: int) -> Part:
    slots = {slot: {lane: value} for slot, value in _slots(step)}
    lanes = frozenset([lane])
    branches = [Branch(lanes, parts_of(body, lane)) for body in bodies_in(step)]
    label = getattr(step, "label", None)
    return Part(_kind(step), label, step, lanes, slots, branches)


def _slots(step: Step) -> Iterator[tuple[str, Value]]:
    match step:
        case Call():
            if is_activation(step):
                yield OP, step.name
            yield from ((str(n), value) for n, value in enumerate(step.positional))
            yield from step.keywords.items()
            if step.inputs:
                yield CHANNELS, channels_of(step.inputs[0])
        case Repeat():
            yield from step.rows.items()
            if not step.rows:
                yield "times", step.times
        case Split():
            yield "sizes", step.sizes


def is_activation(call: Call) -> bool:
    """Whether a call may become that of a parameter: `act`."""
    is_bare = not call.positional and not call.keywords and not call.label
    return is_bare and call.name in OPS and OPS[call.name].family == Family.ACTIVATION


def _kind(step: Step) -> str:
    match step:
        case Call():
            name = "activation" if is_activation(step) else step.name
            return f"{name} {len(step.positional)}"
        case Join():
            return step.kind
        case Ref() | Tied():
            return f"{type(step).__name__} {step.path}"
        case Aux():
            return f"aux {[*step.heads]}"
        case Repeat():
            return f"repeat {step.index} {[*step.rows]}"
    return type(step).__name__


# --- merging -------------------------------------------------------------------------


def merged(
    bodies: Sequence[Body], *, strict: bool = False, least: float = ALIKE
) -> list[Part]:
    """One template for all bodies, each of them a lane; `least` of two must match.

    Raises:
        MismatchError: if they have too little in common, or with `strict` if they differ in
            more than values.
    """
    templates = [parts_of(body, lane) for lane, body in enumerate(bodies)]
    merger = _Merger(strict)
    parts = templates[0]
    for template in templates[1:]:
        parts = merger.bodies(parts, template, least)
    return parts


@dataclass
class _Merger:
    strict: bool

    def bodies(self, a: list[Part], b: list[Part], least: float) -> list[Part]:
        a, b = _with_repeats(a, b), _with_repeats(b, a)
        if not self.strict:
            a, b = self._with_joins(a, b), self._with_joins(b, a)
        pairs = [*_aligned(a, b)]
        matched = sum(2 * _weight(x) for x, y in pairs if x and y)
        if matched < least * sum(map(_weight, (*a, *b))):
            raise MismatchError
        if self.strict and any(x is None or y is None for x, y in pairs):
            raise MismatchError
        return [self._pair(x, y) for x, y in pairs]

    def _pair(self, x: Part | None, y: Part | None) -> Part:
        if x and y:
            return self.parts(x, y)
        found = x or y
        assert found
        return found

    def parts(self, a: Part, b: Part) -> Part:
        slots = {
            slot: a.slots.get(slot, {}) | b.slots.get(slot, {})
            for slot in (*a.slots, *(slot for slot in b.slots if slot not in a.slots))
        }
        branches = [*self._branches(a, b)]
        return replace(a, lanes=a.lanes | b.lanes, slots=slots, branches=branches)

    def _branches(self, a: Part, b: Part) -> Iterator[Branch]:
        if len(a.branches) == len(b.branches):
            pairs: Iterable[tuple[Branch | None, Branch | None]] = zip(
                a.branches, b.branches, strict=True
            )
        elif self.strict or not isinstance(a.example, Join):
            raise MismatchError
        else:
            pairs = _aligned_branches(a.branches, b.branches)
        least = 0.0 if isinstance(a.example, Join) else ALIKE
        for x, y in pairs:
            if x and y:
                yield Branch(x.lanes | y.lanes, self.bodies(x.parts, y.parts, least))
            else:
                found = x or y
                assert found
                yield found

    def _with_joins(self, a: list[Part], b: list[Part]) -> list[Part]:
        """`a` with the join that `b` has around some of it: a join of one branch."""
        joins = [n for n, part in enumerate(b) if isinstance(part.example, Join)]
        if len(joins) != 1 or any(isinstance(part.example, Join) for part in a):
            return a
        start, join = joins[0], b[joins[0]]
        stop = len(a) - (len(b) - start - 1)
        inside = a[start:stop]
        if stop <= start:
            return a
        for number, branch in enumerate(join.branches):
            if branch.parts and similar(branch.parts[0], inside[0]):
                lanes = inside[0].lanes
                branches = [
                    Branch(
                        lanes if n == number else frozenset(), inside * (n == number)
                    )
                    for n in range(len(join.branches))
                ]
                wrapped = Part(join.kind, join.label, join.example, lanes, {}, branches)
                return [*a[:start], wrapped, *a[stop:]]
        return a


def alike(a: list[Part], b: list[Part]) -> bool:
    """Whether two templates are the same but for values."""
    return len(a) == len(b) and all(map(similar, a, b))


def similar(a: Part, b: Part) -> bool:
    """Whether two parts can be one part of a template."""
    return a.kind == b.kind and a.label == b.label


def _weight(part: Part) -> int:
    inner = sum(_weight(p) for branch in part.branches for p in branch.parts)
    return 1 + inner


def _likeness(a: Part, b: Part) -> float:
    """The weight of two parts as a pair: a little more where arguments agree.

    A depthwise convolution is like another one, though their numbers differ.
    """
    slots = {*a.slots, *b.slots} - {CHANNELS}
    agreeing = sum(_agree(a, b, slot) for slot in slots)
    return min(_weight(a), _weight(b)) + agreeing / (len(slots) + 1) / 2


def _agree(a: Part, b: Part, slot: str) -> bool:
    one, other = ({*part.slots.get(slot, {}).values()} for part in (a, b))
    if not one or not other:
        return False
    return bool(one & other) or (_is_of_input(a, slot) and _is_of_input(b, slot))


def _is_of_input(part: Part, slot: str) -> bool:
    """Whether a number is that of the input channels, in each lane."""
    return part.slots[slot] == part.slots.get(CHANNELS)


def _aligned(a: list[Part], b: list[Part]) -> Iterator[tuple[Part | None, Part | None]]:
    """Pairs of similar parts, in order, so that as much as possible is matched."""
    best = [[0.0] * (len(b) + 1) for _ in range(len(a) + 1)]
    for i in reversed(range(len(a))):
        for j in reversed(range(len(b))):
            best[i][j] = max(best[i + 1][j], best[i][j + 1])
            if similar(a[i], b[j]):
                both = _likeness(a[i], b[j]) + best[i + 1][j + 1]
                best[i][j] = max(best[i][j], both)
    i = j = 0
    while i < len(a) or j < len(b):
        if i < len(a) and j < len(b) and similar(a[i], b[j]):
            both = _likeness(a[i], b[j]) + best[i + 1][j + 1]
            if best[i][j] == both:
                yield a[i], b[j]
                i, j = i + 1, j + 1
                continue
        if j == len(b) or (i < len(a) and best[i][j] == best[i + 1][j]):
            yield a[i], None
            i += 1
        else:
            yield None, b[j]
            j += 1


def _aligned_branches(
    a: list[Branch], b: list[Branch]
) -> Iterator[tuple[Branch | None, Branch | None]]:
    """Pairs of branches that begin alike; the others are in one template only."""
    rest = [*b]
    for x in a:
        match = next((y for y in rest if _begin_alike(x, y)), None)
        while match and rest[0] is not match:
            yield None, rest.pop(0)
        yield x, rest.pop(0) if match else None
    yield from ((None, y) for y in rest)


def _begin_alike(a: Branch, b: Branch) -> bool:
    if not a.parts or not b.parts:
        return not a.parts and not b.parts
    return similar(a.parts[0], b.parts[0])


# --- one instead of a repeat ---------------------------------------------------------


def _with_repeats(a: list[Part], b: list[Part]) -> list[Part]:
    """`a` with repeats of one iteration where `b` has repeats of the same."""
    for repeat in b:
        is_repeat = isinstance(repeat.example, Repeat) and not repeat.example.rows
        if is_repeat and not any(similar(part, repeat) for part in a):
            a = _with_repeat(a, repeat)
    return a


def _with_repeat(a: list[Part], repeat: Part) -> list[Part]:
    (inside,) = repeat.branches
    size = len(inside.parts)
    for start in range(len(a) - size + 1):
        found = a[start : start + size]
        if size and alike(found, inside.parts):
            lanes = found[0].lanes
            once = replace(
                repeat,
                lanes=lanes,
                slots={"times": dict.fromkeys(lanes, 1)},
                branches=[Branch(lanes, found)],
            )
            return [*a[:start], once, *a[start + size :]]
    return a


def label_pattern(label: str | None) -> str | None:
    """A label without its numbers, to find those that count."""
    return label and re.sub(r"\d+", "#", label)


def with_step_bodies(part: Part, bodies: list[Body]) -> Step:
    """The example of a part with other bodies."""
    return with_bodies(part.example, bodies)
