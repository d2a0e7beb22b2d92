"""Visit the steps within a step, and replace a call in it."""

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


def children(step: Step) -> tuple[Step, ...]:
    """Return the steps directly within a step, in the order written."""
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


def calls_in(step: Step) -> Iterator[Call]:
    """Yield every call in a step, in the order written."""
    if isinstance(step, Chain):
        yield from step.calls
    for child in children(step):
        yield from calls_in(child)


def replace_call(step: Step, old: Call, new: Call) -> Step:
    """Return a copy of a step in which `new` takes the place of `old`."""
    inner = tuple(replace_call(child, old, new) for child in children(step))
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
