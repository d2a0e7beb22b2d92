"""Visit the steps within a step, tell what it contains, and replace chains in it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from archspec.frontend.ast import (
    Aux,
    Call,
    Chain,
    Each,
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
        case Each():
            return (step.repeat,)
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


def starts_with_ref(step: Step) -> bool:
    """Whether a step is a chain that reads the output of a label."""
    return isinstance(step, Chain) and step.calls[0].name.id == "ref"


def is_tied(step: Step) -> bool:
    """Whether a step runs the layers of another, and nothing else: `tied(stem)`."""
    if not isinstance(step, Chain):
        return False
    return len(step.calls) == 1 and step.calls[0].name.id == "tied"


def split_at_ref(step: Step) -> tuple[Chain, Chain] | None:
    """The `ref` that a chain starts with, and the rest; None if it has only one."""
    if not isinstance(step, Chain) or not starts_with_ref(step) or not step.calls[1:]:
        return None
    read, *rest = step.calls
    span = rest[0].span.to(rest[-1].span)
    return Chain(read.span, (read,)), Chain(span, tuple(rest))


def is_plain_chain(body: Step) -> bool:
    """Whether a body has no join, `split`, `ref` or `tied`: it runs from top to bottom.

    A labeled group is a body of its own, up to the `ref` that its chain starts with;
    `again: tied(stem)` is not a group. Both arms of an `if` count.
    """
    match body:
        case Merge():
            return False
        case Chain():
            return all(call.name.id not in ("ref", "tied") for call in body.calls)
        case Labeled():
            return not starts_with_ref(body.step) and not is_tied(body.step)
        case Aux():
            return True
        case _:
            return all(map(is_plain_chain, children(body)))


def replace_chains(step: Step, new: Mapping[int, Chain]) -> Step:
    """Return a step with other chains, by the `id` of those in it; itself if none is."""
    if isinstance(step, Chain):
        return new.get(id(step), step)
    before = children(step)
    inner = tuple(replace_chains(child, new) for child in before)
    if all(one is other for one, other in zip(before, inner, strict=True)):
        return step
    match step:
        case Group():
            return step._replace(steps=inner)
        case Labeled():
            return step._replace(step=inner[0])
        case Merge():
            return step._replace(branches=inner)
        case RepeatTimes() | RepeatFor():
            return step._replace(body=inner[0])
        case Each() if isinstance(inner[0], RepeatTimes | RepeatFor):
            return step._replace(repeat=inner[0])
        case If():
            return step._replace(then=inner[0], otherwise=inner[1])
        case Aux():
            heads = tuple(head for head in inner if isinstance(head, Labeled))
            return step._replace(heads=heads)
    return step
