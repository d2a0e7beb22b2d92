"""The steps within a step."""

from __future__ import annotations

from collections.abc import Iterator

from archspec.frontend.ast import (
    Aux,
    Call,
    Chain,
    Group,
    If,
    Labeled,
    Merge,
    RepeatFor,
    RepeatTimes,
    Step,
)


def parts(step: Step) -> tuple[Step, ...]:
    """The steps that a step holds, in the order written."""
    match step:
        case Group():
            return step.steps
        case Labeled():
            return (step.step,)
        case Merge():
            return step.branches
        case RepeatTimes() | RepeatFor():
            return (step.body,)
        case If():
            return (step.then, step.otherwise)
        case Aux():
            return step.heads
        case _:
            return ()


def calls(step: Step) -> Iterator[Call]:
    """Every call in a step, in the order written."""
    if isinstance(step, Chain):
        yield from step.calls
    for part in parts(step):
        yield from calls(part)


def with_call(step: Step, old: Call, new: Call) -> Step:
    """The step with another call in the place of one."""
    inner = tuple(with_call(part, old, new) for part in parts(step))
    match step:
        case Chain():
            calls = tuple(new if call is old else call for call in step.calls)
            return step._replace(calls=calls)
        case Group():
            return step._replace(steps=inner)
        case Labeled():
            return step._replace(step=inner[0])
        case Merge():
            return step._replace(branches=inner)
        case RepeatTimes() | RepeatFor():
            return step._replace(body=inner[0])
        case If():
            return step._replace(then=inner[0], otherwise=inner[1])
        case _:
            return step
