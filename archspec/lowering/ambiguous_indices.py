"""`i` in a repeat within a repeat of one body, neither of which names its index.

- repeat:
- repeat: conv(8 * (i + 1), k=1)     whose `i`?
  times: 2
  as: j                              the fix, which also writes `j + 1`
  times: 3
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from archspec.diagnostics.diagnostic import Edit, Findings, Fix, Label
from archspec.frontend.ast import (
    Chain,
    Expression,
    If,
    Labeled,
    Let,
    Merge,
    Name,
    RepeatFor,
    RepeatTimes,
    Step,
    walk,
)
from archspec.frontend.step_traversal import children

Repeat = RepeatTimes | RepeatFor
INDEX = "i"
OTHERS = ("j", "k", "m", "n")


class Read(NamedTuple):
    """A place that reads `i`, and the two innermost repeats around it without `as`."""

    name: Name
    outer: Repeat
    inner: Repeat


def report_ambiguous_indices(body: Step, findings: Findings) -> None:
    """Report each inner repeat in a body whose steps read `i`."""
    by_repeat: dict[int, list[Read]] = {}
    for read in _reads(body, ()):
        by_repeat.setdefault(id(read.inner), []).append(read)
    used = {name.id for name in names_read(body)}
    free = next((name for name in OTHERS if name not in used), "")
    for reads in by_repeat.values():
        first = reads[0]
        fix = _fix([read.name for read in reads], first.inner, free) if free else None
        findings.error(
            "ambiguous-index",
            f"`{INDEX}` may be the index of either of two repeats",
            first.name.span,
            related=[
                Label(first.outer.span, "the outer"),
                Label(first.inner.span, "the inner"),
            ],
            help=f"name the inner one, as in `as: {free or 'inner'}` below it",
            proposals=[fix] if fix else [],
        )


def _reads(step: Step, around: tuple[Repeat, ...]) -> Iterator[Read]:
    """The places in a step that read `i`, if two repeats are around."""
    if len(around) > 1:
        for name in _own_names(step):
            if name.id == INDEX:
                yield Read(name, around[-2], around[-1])
    is_unnamed = isinstance(step, RepeatTimes | RepeatFor) and step.counter is None
    inside = (*around, step) if is_unnamed else around
    for child in children(step):
        yield from _reads(child, inside)  # type: ignore[arg-type]


def names_read(step: Step) -> Iterator[Name]:
    """The names that a step and the steps in it read."""
    yield from _own_names(step)
    for child in children(step):
        yield from names_read(child)


def _own_names(step: Step) -> Iterator[Name]:
    """The names that a step itself reads, without the steps in it."""
    for expression in _expressions(step):
        yield from (part for part in walk(expression) if isinstance(part, Name))


def _expressions(step: Step) -> Iterator[Expression]:
    match step:
        case Chain():
            for call in step.calls:
                yield from (argument.value for argument in call.arguments)
                if call.assertion:
                    yield from (size for size in call.assertion.dims if size)
        case Labeled():
            yield from (part for part in step.label.parts if not isinstance(part, str))
        case RepeatTimes():
            yield step.times
        case RepeatFor():
            yield from (column.values for column in step.columns)
        case If():
            yield step.condition
        case Let():
            yield from (value for _, value in step.bindings if value)
        case Merge() if step.sizes:
            yield step.sizes


def _fix(names: list[Name], repeat: Repeat, free: str) -> Fix:
    """The edits that name the index of the inner repeat, and read it by that name."""
    edits = [Edit(name.span, free) for name in names]
    last = (
        repeat.times if isinstance(repeat, RepeatTimes) else repeat.columns[-1].values
    )
    source, end = repeat.span.source, last.span.end
    before = source.text[: repeat.span.start].rstrip()
    if before.endswith(("{", ",")):
        edits.append(Edit(source.span(end, end), f", as: {free}"))
    else:
        end = source.text.find("\n", end)
        end = end if end >= 0 else len(source.text)
        indent = " " * (repeat.span.column - 1)
        edits.append(Edit(source.span(end, end), f"\n{indent}as: {free}"))
    return Fix(f"name the inner index: `as: {free}`", tuple(edits))
