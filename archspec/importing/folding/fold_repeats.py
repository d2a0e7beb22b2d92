"""Fold neighbors that are alike into repeats.

Equal ones become a repeat with `times`; ones that differ in numbers a repeat with rows,
where that is shorter.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain

from archspec.importing.folding.argument_fields import Signatures
from archspec.importing.folding.rebuilt_steps import rebuilt
from archspec.importing.folding.templates import (
    CHANNELS,
    MismatchError,
    Part,
    label_pattern,
    merged,
    parts_of,
)
from archspec.importing.folding.value_search import ValueSearch
from archspec.importing.inner_bodies import (
    Body,
    bodies_in,
    columns_in,
    has_state,
    map_bodies,
    walk,
    with_bodies,
)
from archspec.importing.steps import Call, Group, Join, Ref, Repeat, Step, Value
from archspec.importing.writing.write_network import body_text, count_lines

LONGEST_PERIOD = 8  # steps of an iteration
MOST_COLUMNS = 8
SAVED = 2  # lines that a table of rows must save
WIDEST = 70  # characters of a column


@dataclass
class RepeatFolder:
    """Folds bodies whose blocks are known."""

    signatures: Signatures

    def fold(self, body: Body, *, pairs: bool) -> Body:
        """The body with repeats, in each of its inner bodies too.

        Args:
            body: its modules are calls already.
            pairs: whether two equal neighbors become a repeat, which is seldom shorter by
                itself, but may make the body like another one.
        """
        inner = [
            map_bodies(step, lambda body: self.fold(body, pairs=pairs)) for step in body
        ]
        return self._folded(inner, pairs=pairs)

    def _folded(self, body: Body, *, pairs: bool) -> Body:
        body = self._stages(body, pairs=pairs)
        body = self._until_done(body, lambda run: self._equal(run, pairs=pairs))
        body = self._until_done(_with_single(body), self._table)
        body = self._until_done(_without_single(body), self._table)
        return self._until_done(body, self._part_equal)

    def _until_done(
        self, body: Body, fold: Callable[[list[Body]], Body | None]
    ) -> Body:
        """Fold runs, those with the shortest period first, while there are any."""
        period = 1
        while period <= min(LONGEST_PERIOD, len(body) // 2):
            folded = _at_period(body, period, fold)
            period = period + 1 if folded is body else 1
            body = folded
        return body

    # --- runs ---

    def _stages(self, body: Body, *, pairs: bool) -> Body:
        """Fold runs of equal calls among calls that differ in numbers: stages."""
        result: Body = []
        for start, stop in _runs([*map(_shape, body)], 1):
            run = body[start:stop]
            stages = [*self._equal_runs(run)] if len(run) > 1 else [run]
            is_worth_it = pairs or max(map(len, stages)) > 2
            if is_worth_it and len(stages) <= len(run) / 2:
                result += [self._stage(stage) for stage in stages]
            else:
                result += run
        return result

    def _stage(self, steps: Body) -> Step:
        if len(steps) == 1:
            return steps[0]
        found = self._repeat([[step] for step in steps], columns=False)
        assert found
        return found

    def _equal_runs(self, run: Body) -> Iterator[Body]:
        """Neighbors that a repeat without rows can stand for."""
        stage = run[:1]
        for step in run[1:]:
            if self._repeat([[x] for x in (*stage, step)], columns=False):
                stage = [*stage, step]
            else:
                yield stage
                stage = [step]
        yield stage

    def _equal(self, segments: list[Body], *, pairs: bool) -> Body | None:
        """A run of equal iterations as a repeat."""
        if len(segments) < 3 and not pairs:
            return None
        repeat = self._repeat(segments, columns=False)
        return [repeat] if repeat else None

    def _table(self, segments: list[Body]) -> Body | None:
        """A run of iterations that differ in numbers as a repeat, if that is shorter."""
        if all(_is_single(step) for segment in segments for step in segment):
            return None
        table = self._repeat(segments, columns=True)
        if table is None or not table.rows:
            return None
        plain = [step for segment in segments for step in _without_single(segment)]
        is_shorter = count_lines([table]) <= count_lines(plain) - SAVED
        return [table] if is_shorter else None

    def _part_equal(self, segments: list[Body]) -> Body | None:
        """The longest part of a run whose iterations are equal."""
        for size in range(len(segments), 2, -1):
            for start in range(len(segments) - size + 1):
                repeat = self._repeat(segments[start : start + size], columns=False)
                if repeat:
                    before, after = segments[:start], segments[start + size :]
                    return [*chain(*before), repeat, *chain(*after)]
        return None

    # --- one repeat ---

    def _repeat(self, segments: list[Body], *, columns: bool) -> Repeat | None:
        """The repeat whose iterations are the segments, if there is one."""
        index = _index(segments[0])
        named = _with_patterns(segments, index)
        if named is None:
            return None
        try:
            parts = merged(named, strict=True)
            lanes = frozenset(range(len(segments)))
            search = ValueSearch(
                lanes,
                taken=columns_in(segments[0]) | self.signatures.blocks.keys(),
                index="" if columns else index,
                counter=index,
            )
            body = _LoopWriter(self.signatures, search).steps(parts)
        except MismatchError:
            return None
        if not search.parameters:
            return Repeat(body, times=len(segments), index=index)
        names = re.findall(r"\w+", body_text(body))
        rows = {
            name: tuple(p.values[lane] for lane in sorted(lanes))
            for name, p in sorted(
                search.parameters.items(), key=lambda item: names.index(item[0])
            )
        }
        too_wide = any(len(str(values)) > WIDEST for values in rows.values())
        if not columns or len(rows) > MOST_COLUMNS or too_wide:
            return None
        return Repeat(body, rows=rows, index=index)


@dataclass
class _LoopWriter:
    """Writes the body of a repeat from its iterations."""

    signatures: Signatures
    search: ValueSearch

    def steps(self, parts: list[Part]) -> Body:
        return [self._step(part) for part in parts]

    def _step(self, part: Part) -> Step:
        step = part.example
        channels = part.slots.get(CHANNELS, {})
        if None in channels.values():
            channels = {}
        values: dict[str, Value] = {}
        for slot in self.signatures.slots(part):
            of = self.signatures.field(part, slot)
            filled = self.signatures.filled(part, slot)
            values[slot] = self.search.write(of, filled, channels)
        bodies = [self.steps(branch.parts) for branch in part.branches]
        found = rebuilt(part, values, bodies, self.signatures)
        # A step reads as many channels in each iteration, or their number is unknown.
        is_constant = len({*channels.values()}) == 1
        if isinstance(found, Call) and isinstance(step, Call) and is_constant:
            return replace(found, inputs=step.inputs)
        return found


def _index(body: Body) -> str:
    """A name for the index of a repeat around a body: `@` and how deep it goes."""
    inner = [int(step.index[1:]) for step in walk(body) if isinstance(step, Repeat)]
    return f"@{max(inner, default=0) + 1}"


def _at_period(
    body: Body, period: int, fold: Callable[[list[Body]], Body | None]
) -> Body:
    """The body with the first run of this period folded; itself if there is none."""
    for start, stop in _runs([*map(_shape, body)], period):
        count = (stop - start) // period
        end = start + count * period
        segments = [body[n : n + period] for n in range(start, end, period)]
        if count < 2 or (period > 1 and len({*map(_shape, segments[0])}) == 1):
            continue
        if any(map(has_state, segments[0])):
            folded = fold(segments)
            if folded is not None:
                return [*body[:start], *folded, *body[end:]]
    return body


# --- shapes and runs -----------------------------------------------------------------


def _shape(step: Step) -> Hashable:
    """What is equal in steps that differ in numbers only."""
    (part,) = parts_of([step], 0)
    return _shape_of(part)


def _shape_of(part: Part) -> Hashable:
    inner = tuple(tuple(map(_shape_of, branch.parts)) for branch in part.branches)
    kind = re.sub(r"\d+", "#", part.kind) if part.kind.startswith("Ref") else part.kind
    return kind, label_pattern(part.label), inner


def _runs(shapes: Sequence[Hashable], period: int) -> Iterator[tuple[int, int]]:
    """The longest runs in which each shape is that of `period` steps before."""
    start = 0
    while start < len(shapes):
        stop = start + period
        while stop < len(shapes) and shapes[stop] == shapes[stop - period]:
            stop += 1
        stop = min(stop, len(shapes))
        is_run = (stop - start) // period > 1
        yield start, stop if is_run or period == 1 else start + 1
        start = stop if is_run or period == 1 else start + 1


# --- labels that count ---------------------------------------------------------------


def _with_patterns(segments: list[Body], index: str) -> list[Body] | None:
    """The segments with one label where theirs count: `layer{i + 1}`."""
    rows = [*zip(*segments, strict=True)]
    columns = [_patterned(row, index, same_level=True) for row in rows]
    if any(column is None for column in columns):
        return None
    return [*map(list, zip(*[c for c in columns if c is not None], strict=True))]


def _patterned(
    steps: Sequence[Step], index: str, *, same_level: bool
) -> list[Step] | None:
    """Steps of different iterations with one label, or with none."""
    names = [_name(step) for step in steps]
    pattern = _pattern(names, index)
    if pattern is None:
        return None
    is_equal = pattern == names[0] and pattern != ""
    if is_equal and same_level and not isinstance(steps[0], Ref):
        return None
    inside = same_level and not isinstance(steps[0], Group)
    inner = [*zip(*map(bodies_in, steps), strict=False)]
    bodies: list[list[Body]] = [[] for _ in steps]
    for row in inner:
        if len({*map(len, row)}) > 1:
            return None
        columns = [
            _patterned(column, index, same_level=inside)
            for column in zip(*row, strict=True)
        ]
        for n in range(len(steps)):
            body = [column[n] for column in columns if column is not None]
            if len(body) < len(columns):
                return None
            bodies[n].append(body)
    return [
        _named(with_bodies(step, bodies[n]), pattern) for n, step in enumerate(steps)
    ]


def _name(step: Step) -> str:
    return step.path if isinstance(step, Ref) else getattr(step, "label", None) or ""


def _named(step: Step, name: str) -> Step:
    if isinstance(step, Ref):
        return replace(step, path=name)
    if isinstance(step, Call | Group | Join):
        return replace(step, label=name or None)  # type: ignore[arg-type]
    return step


def _pattern(names: Sequence[str], index: str) -> str | None:
    """`layer{i + 1}` for layer1, layer2; None if the names do not count."""
    if len({*names}) == 1:
        return names[0]
    for match in re.finditer(r"\d+", names[0]):
        start, stop = match.span()
        first = int(match[0])
        second = re.match(r"\d+", names[1][start:])
        step = int(second[0]) - first if second else 0
        expected = [
            f"{names[0][:start]}{first + step * n}{names[0][stop:]}"
            for n in range(len(names))
        ]
        if expected == [*names] and step:
            number = _counted(first, step, index)
            if names[0].count("{", 0, start) > names[0].count("}", 0, start):
                return f"{names[0][:start]}{number}{names[0][stop:]}"
            return f"{names[0][:start]}{{{number}}}{names[0][stop:]}"
    return None


def _counted(first: int, step: int, index: str) -> str:
    """`i`, `i + 1`, `2 * i + 1` or `3 - i`."""
    counted = index if abs(step) == 1 else f"{abs(step)} * {index}"
    if step < 0:
        return f"{first} - {counted}"
    return f"{counted} + {first}" if first else counted


# --- repeats of one iteration --------------------------------------------------------


def _with_single(body: Body) -> Body:
    """The body with repeats of one iteration around what is repeated elsewhere."""
    for step in body:
        if isinstance(step, Repeat) and not step.rows:
            body = _wrapped(body, step, [*map(_shape, step.body)])
        elif isinstance(step, Group):
            match step.body:
                case [Repeat(rows={}) as repeat]:
                    shapes = [*map(_shape, repeat.body)]
                    body = [_wrapped_within(other, repeat, shapes) for other in body]
    return body


def _wrapped_within(step: Step, repeat: Repeat, shapes: list[Hashable]) -> Step:
    is_once = isinstance(step, Group) and [*map(_shape, step.body)] == shapes
    return map_bodies(step, lambda x: _wrapped(x, repeat, shapes)) if is_once else step


def _wrapped(body: Body, repeat: Repeat, shapes: list[Hashable]) -> Body:
    found = [*map(_shape, body)]
    size = len(shapes)
    for start in range(len(body) - size + 1):
        if found[start : start + size] == shapes:
            once = replace(repeat, body=body[start : start + size], times=1)
            rest = _wrapped(body[start + size :], repeat, shapes)
            return [*body[:start], once, *rest]
    return body


def _is_single(step: Step) -> bool:
    return isinstance(step, Repeat) and step.times == 1


def _without_single(body: Body) -> Body:
    result: Body = []
    for step in body:
        if isinstance(step, Repeat) and _is_single(step):
            result += step.body
        elif isinstance(step, Group):
            result.append(map_bodies(step, _without_single))
        else:
            result.append(step)
    return result
