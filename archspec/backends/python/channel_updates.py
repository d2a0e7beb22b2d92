"""The statements that give a loop's next iteration its channels.

    channels + growth                       ->   channels += growth
    2 * channels if i > 0 else channels     ->   if i > 0:
                                                     channels = 2 * channels

If the body has that `if` already, the assignment goes into it, and later statements read
the new channels.
"""

from __future__ import annotations

import ast
from collections.abc import Sequence
from typing import Any

from archspec.backends.python.expressions import code_expr
from archspec.backends.python.identifiers import python_name
from archspec.backends.python.names_read import names_read
from archspec.backends.python.syntax import (
    AddAssignStmt,
    AssignStmt,
    ConditionalExpr,
    IfStmt,
    NameExpr,
    Stmt,
)
from archspec.backends.python.syntax_trees import mapped
from archspec.ir.symbolic import same, summand, variable, variables


def with_update(body: Sequence[Stmt], name: str, code: ast.expr) -> tuple[Stmt, ...]:
    """The body of a loop, and the assignment of the next channels in it."""
    return _in_place(tuple(body), name, code) or (*body, _update(name, code))


def _update(name: str, code: ast.expr) -> Stmt:
    """`channels = code`; `channels += growth` if the sum starts with the name."""
    target = NameExpr(python_name(name))
    added = summand(name, code)
    match code:
        case _ if added is not None:
            return AddAssignStmt(target, code_expr(added))
        case ast.IfExp(test, then, other) if same(other, variable(name)):
            return IfStmt(code_expr(test), (_update(name, then),))
        case ast.IfExp(test, then, other):
            arms = code_expr(then), code_expr(other)
            return AssignStmt(
                target, ConditionalExpr(arms[0], code_expr(test), arms[1])
            )
    return AssignStmt(target, code_expr(code))


def _in_place(
    body: tuple[Stmt, ...], name: str, code: ast.expr
) -> tuple[Stmt, ...] | None:
    """The body whose `if` makes the channels; None if it has none, or they are in use.

    What comes before the `if` is the same in both arms.
    """
    if not isinstance(code, ast.IfExp):
        return None
    test, kept = code_expr(code.test), variable(name)
    chosen = _replaced(code.body, code.orelse, kept)
    found = [s for s in body if isinstance(s, IfStmt) and s.test == test]
    if not found or found[0].orelse is not None:
        return None
    number, then = body.index(found[0]), found[0].body
    target = NameExpr(python_name(name))
    before: tuple[Stmt, ...] = ()
    if not same(code.orelse, kept):
        before = (_update(name, code.orelse),)
        unnamed = _replaced(code.body, code.orelse, variable("_"))
        free = _replaced(then, code_expr(code.orelse), NameExpr("_"))
        if name in variables(unnamed) or target.root in names_read(free):
            return None
        then = _replaced(then, code_expr(code.orelse), target)
    rest = body[number + 1 :]
    if target.root in names_read(_replaced(rest, code_expr(code), NameExpr("_"))):
        return None
    whole = IfStmt(test, (*then, _update(name, chosen)))
    return (*body[:number], *before, whole, *_replaced(rest, code_expr(code), target))


def _replaced(node: Any, old: Any, new: Any) -> Any:
    """A tree, of statements or of an expression, with one part in place of another."""
    if isinstance(node, ast.expr):
        if same(node, old):
            return new
        inner = {k: _replaced(v, old, new) for k, v in ast.iter_fields(node)}
        return type(node)(**inner)
    if isinstance(node, list):
        return [_replaced(part, old, new) for part in node]
    if node == old:
        return new
    return mapped(node, lambda part: _replaced(part, old, new))
