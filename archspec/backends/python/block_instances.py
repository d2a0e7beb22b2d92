"""The bodies of several instances, walked side by side.

All calls of a block share one class, so whatever a class says of a layer is said from
that layer in every instance: a column of items, one from each body.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from archspec.backends.python.shared_numbers import Mismatch, Scope, same_value
from archspec.ir.graph import (
    Choice,
    Head,
    Item,
    Layer,
    Let,
    Merge,
    Module,
    Reference,
    Repeat,
)
from archspec.ir.symbolic import constant, is_short, same, substitute, variables
from archspec.ops.registry import OPS
from archspec.ops.torch_call import TorchCall

Body = tuple[Item, ...]
Bodies = Sequence[Body]  # the same body in several instances


def columns(bodies: Bodies) -> Iterator[list[Any]]:
    """The items at each place in all bodies.

    Raises:
        Mismatch: if the bodies differ in kind, labels or number of items.
    """
    if len({len(body) for body in bodies}) > 1:
        raise Mismatch
    for column in zip(*bodies, strict=True):
        if len({(type(item), _identity(item)) for item in column}) > 1:
            raise Mismatch
        yield list(column)


def _identity(item: Item) -> Any:
    """What must agree between instances: labels, branches, references, names."""
    match item:
        case Layer() | Module():
            return "" if item.name.value.isdigit() else ast.dump(item.name.code)
        case Merge():
            return (item.node.op, item.split, len(item.branches))
        case Reference():
            return item.label
        case Let():
            return tuple(item.values)
    return None


def level(body: Body) -> Iterator[Item]:
    """The items of one class: not those inside its submodules."""
    for item in body:
        yield item
        match item:
            case Merge():
                for branch in item.branches:
                    yield from level(branch)
            case Choice():
                yield from level(item.body)
            case Head():
                yield item.item
            case Repeat():
                for iteration in item.iterations:
                    yield from level(iteration)


def submodules(body: Body) -> list[Layer | Module]:
    """The items of one class that are modules."""
    return [item for item in level(body) if isinstance(item, Layer | Module)]


def is_chain(bodies: Bodies) -> bool:
    """Whether every item reads the one before, so that it is a sequence."""
    forks = Merge | Head | Reference
    return not any(isinstance(item, forks) for body in bodies for item in level(body))


def referenced(bodies: Bodies) -> set[str]:
    """The labels that something reads again."""
    items = (item for body in bodies for item in level(body))
    return {item.label for item in items if isinstance(item, Reference)}


def values_by_name(bodies: Bodies) -> dict[str, list[Any]]:
    """The values of every `let` and loop variable of a class."""
    found: dict[str, list[Any]] = {}
    for item in (item for body in bodies for item in level(body)):
        match item:
            case Let():
                for name, value in item.values.items():
                    found.setdefault(name, []).append(value.value)
            case Repeat():
                found.setdefault(item.channels, []).append(1)
                for variables in item.variables:
                    for name, value in variables.items():
                        found.setdefault(name, []).append(value)
    return found


def torch_call(layer: Layer) -> TorchCall:
    """How torch constructs a layer."""
    node = layer.node
    op = OPS[node.op]
    assert node.inputs[0].shape is not None
    return op.torch(op, node.inputs[0].shape, node.attributes)


# --- repeats, one iteration after the other ------------------------------------------


def unrolled(
    column: Sequence[Repeat], scope: Scope
) -> tuple[list[tuple[Bodies, Scope]], Scope]:
    """The bodies of each iteration with what holds there, and what holds after all.

    Raises:
        Mismatch: if the instances repeat different numbers of times.
    """
    times = len(column[0].iterations)
    if any(len(repeat.iterations) != times for repeat in column):
        raise Mismatch
    scope = _entering(column, scope)
    found: list[tuple[Bodies, Scope]] = []
    for number in range(times):
        inside = _with_row(column, number, scope)
        found.append(([repeat.iterations[number] for repeat in column], inside))
        scope = _leaving(column, inside, scope)
    return found, scope


def _entering(column: Sequence[Repeat], scope: Scope) -> Scope:
    """The channels that enter the first iteration are those before the repeat."""
    first = column[0]
    values = {n: v for n, v in scope.values.items() if n != first.channels}
    if all(same(repeat.entry, first.entry) for repeat in column):
        values[first.channels] = substitute(first.entry, scope.values)
    return replace(scope, values=values)


def _with_row(column: Sequence[Repeat], number: int, scope: Scope) -> Scope:
    """In an unrolled iteration the loop variables are literals."""
    rows = [repeat.variables[number] for repeat in column]
    literals = {
        name: constant(value)
        for name, value in rows[0].items()
        if all(same_value(row.get(name), value) for row in rows)
    }
    return replace(scope, values={**scope.values, **literals})


def _leaving(column: Sequence[Repeat], inside: Scope, scope: Scope) -> Scope:
    """The channels that leave an iteration enter the next one."""
    first = column[0]
    values = {n: v for n, v in scope.values.items() if n != first.channels}
    updates = [repeat.update for repeat in column]
    if first.update is not None and all(
        update is not None and same(update, first.update) for update in updates
    ):
        code = substitute(first.update, inside.values)
        reads_what_changes = not variables(code) <= scope.names
        if is_short(code) and not reads_what_changes:
            values[first.channels] = code
    return replace(scope, values=values)
