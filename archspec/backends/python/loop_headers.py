"""The header of a loop that creates submodules.

The loop variables are those of the spec, without any that the body does not read:

    repeat: unit(8)            times: n            ->   for _ in range(n):
    repeat: stage(a, b)        for: {a: n, b: c}   ->   for a, b in zip(n, c):
    repeat: conv(c, k=i + 1)   for: {c: widths}    ->   for i, c in enumerate(widths):
"""

from __future__ import annotations

import ast
from collections.abc import Container, Sequence
from typing import NamedTuple

from archspec.backends.python.identifiers import python_name
from archspec.backends.python.submodules import SubmoduleLoop
from archspec.backends.python.syntax import (
    AtomExpr,
    CallExpr,
    Element,
    Expr,
    NameExpr,
    call,
)
from archspec.backends.python.unify_values import ValueUnifier
from archspec.ir.symbolic import (
    Symbolic,
    constant,
    rows_of,
    same,
    substitute,
    variables,
)

Column = list[Symbolic]  # the values of a loop variable in each instance


class LoopHeader(NamedTuple):
    """What a loop assigns in each iteration, and what it runs through."""

    target: str
    iterable: Expr


def loop_header(
    loop: SubmoduleLoop, unifier: ValueUnifier, read: Container[str] | None = None
) -> LoopHeader:
    """The header of a loop.

    `read` are the names that its body reads; None if it may read all that are values.

    Raises:
        InstancesDifferError: if the instances have no header in common.
    """
    index = python_name(loop.repeats[0].index)
    reads_index = read is None or index in read
    if pattern := _pattern(loop, unifier, read):
        target = f"({pattern.target})" if reads_index else pattern.target
        rows = pattern.iterable
        if reads_index:
            return LoopHeader(f"{index}, {target}", call(NameExpr("enumerate"), rows))
        return pattern
    columns = _columns(loop, read) or _unread_columns(loop)
    if not columns:
        count = unifier.unify(_counts(loop), "", loop.scope)
        return LoopHeader(index if reads_index else "_", call(NameExpr("range"), count))
    rows = _rows([*columns.values()], loop, unifier)
    target = ", ".join(map(python_name, columns))
    if not reads_index:
        return LoopHeader(target, rows)
    target = f"({target})" if len(columns) > 1 else target
    return LoopHeader(f"{index}, {target}", call(NameExpr("enumerate"), rows))


def _pattern(
    loop: SubmoduleLoop, unifier: ValueUnifier, read: Container[str] | None
) -> LoopHeader | None:
    """`a, _, c` and the rows, where all values are from the rows of one param."""
    first = loop.repeats[0]
    names = [python_name(n) for n in first.variables[0] if n != first.index]
    rows: list[Symbolic] = []
    for repeat in loop.repeats:
        parts = repeat.rows.code.elts if isinstance(repeat.rows.code, ast.Tuple) else []
        codes = [rows_of(substitute(part, loop.scope.values)) for part in parts]
        if len(codes) < 2 or codes[0] is None:
            return None
        if any(code is None or not same(code, codes[0]) for code in codes):
            return None
        rows.append(Symbolic(repeat.rows.value, codes[0]))
    target = ", ".join(n if read is None or n in read else "_" for n in names)
    return LoopHeader(target, unifier.unify(rows, "", loop.scope))


def _columns(loop: SubmoduleLoop, read: Container[str] | None) -> dict[str, Column]:
    """The column of each loop variable that is a value, and that the body reads."""
    first = loop.repeats[0]
    names = [name for name in first.variables[0] if name != first.index]
    found: dict[str, Column] = {}
    for n, name in enumerate(names):
        values = loop.scope.values
        column = [Symbolic(tuple(line[n] for line in row.value), substitute(row.code.elts[n], values))
                  for row in (repeat.rows for repeat in loop.repeats)
                  if isinstance(row.code, ast.Tuple)]  # fmt: skip
        is_read = read is None or python_name(name) in read
        if is_read and all(_is_data(item.value) for item in column):
            found[name] = column
    return found


def _unread_columns(loop: SubmoduleLoop) -> dict[str, Column]:
    """The columns that say how often the body runs, if no one number does."""
    lengths = {len(repeat.iterations) for repeat in loop.repeats}
    return _columns(loop, None) if len(lengths) > 1 else {}


def _is_data(value: object) -> bool:
    """Whether a value is neither an op nor a block, nor has one in it."""
    if isinstance(value, tuple):
        return all(map(_is_data, value))
    return isinstance(value, int | float | str)


def _counts(loop: SubmoduleLoop) -> list[Symbolic]:
    """How often each instance runs the body."""
    found: list[Symbolic] = []
    for repeat in loop.repeats:
        count, code = len(repeat.iterations), repeat.rows.code
        is_count = len(repeat.variables[0]) == 1  # the index alone
        found.append(Symbolic(count, code if is_count else constant(count)))
    return found


def _rows(
    columns: Sequence[Column], loop: SubmoduleLoop, unifier: ValueUnifier
) -> Expr:
    """The rows of a loop, as one tuple or as a column for each variable."""
    if len(columns) > 1 and not any(
        variables(c.code) for each in columns for c in each
    ):
        rows = [tuple(zip(*(item.value for item in items), strict=True))
                for items in zip(*columns, strict=True)]  # fmt: skip
        literals = [Symbolic(row, constant(row)) for row in rows]
        return unifier.unify(literals, "", loop.scope)
    found = [unifier.unify(column, "", loop.scope) for column in columns]
    if len(found) == 1:
        return found[0]
    strict = Element(AtomExpr("True"), "strict=")
    return CallExpr(NameExpr("zip"), (*map(Element, found), strict))
