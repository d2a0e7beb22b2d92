"""The header of a loop that creates submodules.

The loop variables are those of the spec, without an index that the body does not read:

    repeat: unit(8)            times: n            ->   for _ in range(n):
    repeat: stage(a, b)        for: {a: n, b: c}   ->   for a, b in zip(n, c):
    repeat: conv(c, k=i + 1)   for: {c: widths}    ->   for i, c in enumerate(widths):
"""

from __future__ import annotations

import ast
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
from archspec.ir.symbolic import Symbolic, variables


class LoopHeader(NamedTuple):
    """What a loop assigns in each iteration, and what it runs through."""

    target: str
    iterable: Expr


def loop_header(
    loop: SubmoduleLoop, unifier: ValueUnifier, *, reads_index: bool
) -> LoopHeader:
    """The header of a loop whose body reads the index, or does not."""
    first = loop.repeats[0]
    names = [name for name in first.variables[0] if name != first.index]
    index = python_name(first.index)
    if not names:
        times = [Symbolic(len(r.iterations), r.rows.code) for r in loop.repeats]
        count = unifier.unify(times, "", loop.scope)
        return LoopHeader(index if reads_index else "_", call(NameExpr("range"), count))
    rows = _rows(loop, len(names), unifier)
    target = ", ".join(python_name(name) for name in names)
    if not reads_index:
        return LoopHeader(target, rows)
    target = f"({target})" if len(names) > 1 else target
    return LoopHeader(f"{index}, {target}", call(NameExpr("enumerate"), rows))


def _rows(loop: SubmoduleLoop, width: int, unifier: ValueUnifier) -> Expr:
    """The rows of a loop, as one tuple or as a column for each variable."""
    rows = [repeat.rows for repeat in loop.repeats]
    if width > 1 and not any(variables(row.code) for row in rows):
        return unifier.unify(rows, "", loop.scope)
    columns: list[Expr] = []
    for n in range(width):
        column = [Symbolic(tuple(line[n] for line in row.value), row.code.elts[n])
                  for row in rows if isinstance(row.code, ast.Tuple)]  # fmt: skip
        columns.append(unifier.unify(column, "", loop.scope))
    if width == 1:
        return columns[0]
    strict = Element(AtomExpr("True"), "strict=")
    return CallExpr(NameExpr("zip"), (*map(Element, columns), strict))
