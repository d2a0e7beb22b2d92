"""Levels of names: paths of several parts become labeled groups."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import count

from archspec.importing.inner_bodies import walk
from archspec.importing.steps import (
    Aux,
    Call,
    Group,
    Instance,
    Join,
    Ref,
    Split,
    Step,
    Tied,
)
from archspec.importing.unsupported import UnsupportedModuleError


def nest(steps: Sequence[Step], prefix: str, paths: Mapping[int, str]) -> list[Step]:
    """Label the steps of a body, and group those whose names have a level in common.

    Args:
        steps: the steps, whose own names lie below `prefix`.
        prefix: the path of the body.
        paths: the path of each step that has weights, by its `id`.
    """
    body = _nest(steps, _parts(paths), _depth(prefix), set())
    _label_ordinals(body)
    return body


def place_of_head(
    head: Sequence[Step],
    steps: Sequence[Step],
    nearest: int,
    prefix: str,
    paths: Mapping[int, str],
) -> int:
    """The first place from `nearest` on that lies within no level but the head's own."""
    parts, depth = _parts(paths), _depth(prefix)
    levels = [_level(step, parts, depth) for step in steps]
    own = _level(Aux({"": [*head]}), parts, depth)
    around = {*levels[:nearest]} & {*levels[nearest:]} - {"", None, own}
    ends = (n for n, level in enumerate(levels, 1) if level in around)
    return max(ends, default=nearest)


def _parts(paths: Mapping[int, str]) -> dict[int, list[str]]:
    return {key: path.split(".") for key, path in paths.items()}


def _depth(prefix: str) -> int:
    return prefix.count(".") + 1 if prefix else 0


def _nest(
    steps: Sequence[Step],
    parts: Mapping[int, Sequence[str]],
    depth: int,
    used: set[str],
) -> list[Step]:
    """The steps of a body or of a branch, whose names in use are `used`."""
    levels = [_level(step, parts, depth) for step in steps]
    result: list[Step] = []
    start = 0
    while start < len(steps):
        level = levels[start]
        if not level:
            result.append(_labeled(steps[start], parts, depth, used))
            start += 1
            continue
        end = start + 1
        for index in range(start + 1, len(steps)):
            if levels[index] == level:
                end = index + 1
            elif levels[index] != "":
                break
        if isinstance(steps[start], Aux) and end == start + 1:  # named by its head
            result.append(_labeled(steps[start], parts, depth, used))
            start = end
            continue
        if level in used:
            inside = (parts[id(x)] for x in walk([steps[start]]) if id(x) in parts)
            path = ".".join(next(inside)[: depth + 1])
            raise UnsupportedModuleError(
                f"the layers of `{path}` do not run in one stretch: "
                "a spec has its layers in the order in which they run"
            )
        used.add(level)
        inner = _nest(steps[start:end], parts, depth + 1, set())
        _label_ordinals(inner)
        result.append(Group(level, inner))
        start = end
    return result


def _label_ordinals(body: Sequence[Step]) -> None:
    """Label the layers of a chain whose ordinals are names of others."""
    if any(isinstance(step, Join | Split | Ref | Tied) for step in body):
        return  # where layers are named by what they are
    names = {str(getattr(step, "label", "")) for step in body}
    calls = [step for step in body if isinstance(step, Call) and not step.label]
    counted = [step for step in body if not isinstance(step, Aux)]
    taken = (
        str(number) in names for number, step in enumerate(counted) if step in calls
    )
    if any(taken):
        for call in calls:
            free = (name for n in count(1) if (name := f"{call.name}{n}") not in names)
            call.label = next(free)
            names.add(call.label)


def _level(step: Step, parts: Mapping[int, Sequence[str]], depth: int) -> str | None:
    """The level that all layers of a step share: "" without layers, None if none."""
    found = _levels(step, parts, depth)
    if len(found) > 1:
        return None
    return found.pop() if found else ""


def _levels(
    step: Step, parts: Mapping[int, Sequence[str]], depth: int
) -> set[str | None]:
    match step:
        case Call() | Instance() | Group():
            path = parts.get(id(step))
            if path is None:
                return set()
            return {path[depth] if len(path) > depth + 1 else None}
        case Join(branches=branches) | Split(branches=branches):
            return {
                level
                for branch in branches
                for inner in branch
                for level in _levels(inner, parts, depth)
            }
        case Aux(heads=heads):
            return {
                level
                for head in heads.values()
                for inner in head
                for level in _levels(inner, parts, depth)
            }
    return set()


def _labeled(
    step: Step, parts: Mapping[int, Sequence[str]], depth: int, used: set[str]
) -> Step:
    match step:
        case Call() | Instance() | Group():
            if id(step) in parts:
                step.label = parts[id(step)][depth]
        case Join() | Split():
            step.branches = [
                _nest(branch, parts, depth, used) for branch in step.branches
            ]
        case Aux(heads={"": head}):
            step.heads = dict([_head(_nest(head, parts, depth, used))])
    return step


def _head(steps: list[Step]) -> tuple[str, list[Step]]:
    """The name of a head, and its steps within it."""
    names = [step.label for step in steps if isinstance(step, Call | Instance | Group)]
    own = [name for name in names if name]
    if len(own) != 1:
        raise UnsupportedModuleError(
            f"a head of training has several parts, {', '.join(own) or 'none'}: "
            "make them a module of their own"
        )
    inner: list[Step] = []
    for step in steps:
        if isinstance(step, Group):
            inner += step.body
        elif isinstance(step, Call | Instance) and step.label:
            step.label = None
            inner.append(step)
        else:
            inner.append(step)
    return own[0], inner
