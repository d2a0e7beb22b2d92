"""The steps within a step."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from archspec.frontend.ast import (
    Aux,
    Call,
    Chain,
    Group,
    If,
    Labelled,
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
        case Labelled():
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
            return replace(
                step, calls=tuple(new if c is old else c for c in step.calls)
            )
        case Group():
            return replace(step, steps=inner)
        case Labelled():
            return replace(step, step=inner[0])
        case Merge():
            return replace(step, branches=inner)
        case RepeatTimes() | RepeatFor():
            return replace(step, body=inner[0])
        case If():
            return replace(step, then=inner[0], otherwise=inner[1])
        case _:
            return step
