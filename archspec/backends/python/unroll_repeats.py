"""Repeats that are written out, one iteration after the other.

    repeat: conv(8 * (i + 1), k=1)   ->   nn.Conv2d(3, 8, kernel_size=1)
    times: 2                              nn.Conv2d(8, 16, kernel_size=1)

The loop variables of each iteration are literals. The channels that enter it are those
that leave the one before.
"""

from __future__ import annotations

import ast
from collections.abc import Sequence
from dataclasses import replace

from archspec.backends.python.aligned_bodies import Bodies, InstancesDifferError
from archspec.backends.python.expressions import same_value
from archspec.backends.python.names_in_scope import ClassScope
from archspec.backends.python.param_dependence import columns_of
from archspec.ir.graph import Repeat
from archspec.ir.symbolic import (
    constant,
    forgotten,
    is_short,
    same,
    substitute,
    variables,
)


def unroll(
    column: Sequence[Repeat], scope: ClassScope
) -> tuple[list[tuple[Bodies, ClassScope]], ClassScope]:
    """The bodies of each iteration with their scope, and the scope after the repeat.

    Raises:
        InstancesDifferError: if the instances repeat different numbers of times.
    """
    times = len(column[0].iterations)
    if any(len(repeat.iterations) != times for repeat in column):
        raise InstancesDifferError
    lengths = map(length_of, column)
    scope.must_not_depend(substitute(each, scope.values) for each in lengths)
    scope = _entering(column, scope)
    found: list[tuple[Bodies, ClassScope]] = []
    for number in range(times):
        inside = _with_row(column, number, scope)
        found.append(([repeat.iterations[number] for repeat in column], inside))
        scope = _leaving(column, inside, scope)
    return found, scope


def length_of(repeat: Repeat) -> ast.expr:
    """What decides how often a repeat runs: its first column, or the number of times.

    Columns are equally long, so a literal one has the length whatever the others are.
    """
    match repeat.rows.code:
        case ast.Tuple(columns):
            literals = (each for each in columns if isinstance(each, ast.Tuple))
            return next((constant(len(each.elts)) for each in literals), columns[0])
    return repeat.rows.code


def _entering(column: Sequence[Repeat], scope: ClassScope) -> ClassScope:
    """The scope of the first iteration: its channels are those before the repeat."""
    first = column[0]
    values = {n: v for n, v in scope.values.items() if n != first.channels}
    if all(same(repeat.entry, first.entry) for repeat in column):
        values[first.channels] = substitute(first.entry, scope.values)
    names = scope.names - {first.channels}  # an earlier loop may have had the name
    return replace(scope, values=values, names=names)


def _with_row(column: Sequence[Repeat], number: int, scope: ClassScope) -> ClassScope:
    """The scope of an iteration: its loop variables are literals.

    Those that depend on params of the spec keep what does.
    """
    first = column[0]
    rows = [repeat.variables[number] for repeat in column]
    codes = {n: c for n, c in columns_of(first) if n != first.index}
    literals = {
        name: forgotten(value, codes[name]) if name in codes else constant(value)
        for name, value in rows[0].items()
        if all(same_value(row.get(name), value) for row in rows)
    }
    return replace(scope, values={**scope.values, **literals}).knowing(rows)


def _leaving(
    column: Sequence[Repeat], inside: ClassScope, scope: ClassScope
) -> ClassScope:
    """The scope after an iteration: the channels that leave it enter the next one."""
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
