"""The header of a loop that creates submodules.

The loop variables are those of the spec, without any that the body does not read:

    repeat: unit(8)            times: n            ->   for _ in range(n):
    repeat: stage(a, b)        for: {a: n, b: c}   ->   for a, b in zip(n, c):
    repeat: conv(c, k=i + 1)   for: {c: widths}    ->   for i, c in enumerate(widths):
"""

from __future__ import annotations

import ast
from collections.abc import Container, Mapping, Sequence
from typing import NamedTuple

from archspec.backends.python.aligned_bodies import InstancesDifferError
from archspec.backends.python.identifiers import python_name
from archspec.backends.python.submodules import SubmoduleLoop
from archspec.backends.python.syntax import (
    AtomExpr,
    CallExpr,
    Element,
    Expr,
    NameExpr,
    TupleExpr,
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
    target, rows = _rows(columns, loop, unifier)
    is_argument = reads_index or isinstance(rows, CallExpr)
    if is_argument and any(map(_is_mixed, loop.callables.values())):
        raise InstancesDifferError
    if not reads_index:
        return LoopHeader(target, rows)
    target = f"({target})" if ", " in target else target
    return LoopHeader(f"{index}, {target}", call(NameExpr("enumerate"), rows))


def _is_mixed(column: Sequence[Expr]) -> bool:
    """Whether a column has classes and `partial` calls.

    mypy finds no type for an item of `enumerate((nn.ReLU, partial(nn.ELU, alpha=0.5)))`.
    """
    return len({isinstance(each, CallExpr) for each in column}) > 1


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
        is_written = name in loop.callables
        if is_read and (is_written or all(_is_data(item.value) for item in column)):
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
    columns: Mapping[str, Column], loop: SubmoduleLoop, unifier: ValueUnifier
) -> tuple[str, Expr]:
    """The variables of a loop and its rows: literals as rows, others as columns."""
    literal = {n: c for n, c in columns.items() if _is_literal(n, c, loop)}
    groups: list[tuple[str, Expr]] = []
    for name, column in columns.items():
        if name not in literal or len(literal) == 1:
            written = _written(name, column, loop, unifier)
            groups.append((python_name(name), written))
        elif name == next(iter(literal)):
            cells = [_written(n, c, loop, unifier) for n, c in literal.items()]
            target = ", ".join(map(python_name, literal))
            groups.append((target, _transposed(cells)))
    if len(groups) == 1:
        return groups[0]
    targets = [f"({t})" if ", " in t else t for t, _ in groups]
    strict = Element(AtomExpr("True"), "strict=")
    elements = (*(Element(written) for _, written in groups), strict)
    return ", ".join(targets), CallExpr(NameExpr("zip"), elements)


def _is_literal(name: str, column: Column, loop: SubmoduleLoop) -> bool:
    return name in loop.callables or not any(variables(item.code) for item in column)


def _written(
    name: str, column: Column, loop: SubmoduleLoop, unifier: ValueUnifier
) -> Expr:
    """The values of a loop variable; those that are ops and blocks are written already."""
    if name in loop.callables:
        return TupleExpr(tuple(map(Element, loop.callables[name])))
    return unifier.unify(column, "", loop.scope)


def _transposed(columns: Sequence[Expr]) -> Expr:
    """A tuple of rows, of those of columns.

    Raises:
        InstancesDifferError: unless each column is a tuple of literals.
    """
    cells = [column.elements for column in columns if isinstance(column, TupleExpr)]
    if len(cells) < len(columns):
        raise InstancesDifferError
    rows = zip(*cells, strict=True)
    return TupleExpr(tuple(Element(TupleExpr(tuple(row))) for row in rows))
