"""The bodies within a step, and steps rebuilt with other bodies."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace

from archspec.importing.steps import (
    Aux,
    Group,
    If,
    Instance,
    Join,
    Repeat,
    Split,
    Step,
)
from archspec.ops.registry import OPS

Body = list[Step]


def bodies_in(step: Step) -> list[Body]:
    """The bodies directly within a step, in the order written."""
    match step:
        case Instance() | Group() | Repeat():
            return [step.body]
        case Join() | Split():
            return step.branches
        case Aux():
            return [*step.heads.values()]
        case If():
            return [step.then, *([] if step.otherwise is None else [step.otherwise])]
    return []


def with_bodies(step: Step, bodies: list[Body]) -> Step:
    """The step with other bodies in the places of `bodies_in`."""
    match step:
        case Instance() | Group() | Repeat():
            return replace(step, body=bodies[0])
        case Join() | Split():
            return replace(step, branches=bodies)
        case Aux():
            return replace(step, heads=dict(zip(step.heads, bodies, strict=True)))
        case If():
            return replace(step, then=bodies[0], otherwise=(*bodies[1:], None)[0])
    return step


def map_bodies(step: Step, change: Callable[[Body], Body]) -> Step:
    """The step with each body directly within it changed."""
    return with_bodies(step, [change(body) for body in bodies_in(step)])


def walk(body: Iterable[Step]) -> Iterator[Step]:
    """Every step, each before those within it, in the order written."""
    for step in body:
        yield step
        for inner in bodies_in(step):
            yield from walk(inner)


def columns_in(body: Body) -> frozenset[str]:
    """The names that the rows of repeats give values to."""
    return frozenset(
        name for step in walk(body) if isinstance(step, Repeat) for name in step.rows
    )


def has_state(step: Step) -> bool:
    """Whether a step has keys in the state dict; a block counts as if it had."""
    name = getattr(step, "name", None)
    if name is not None:
        return name not in OPS or bool(OPS[name].weights)
    return any(map(has_state, (s for inner in bodies_in(step) for s in inner)))
