"""The statements of a `forward` as it is built, and the variables they assign."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from itertools import groupby
from typing import Any

from archspec.backends.python.identifiers import NameAllocator
from archspec.backends.python.names_read import names_read
from archspec.backends.python.syntax import (
    AssignStmt,
    CallExpr,
    Element,
    Expr,
    IfStmt,
    NameExpr,
    OpExpr,
    ReturnStmt,
    Stmt,
    SuffixExpr,
    TupleExpr,
    UnpackStmt,
)

TRAINING = NameExpr("self", "training")
X = NameExpr("x")
ForwardStmt = AssignStmt | UnpackStmt | IfStmt


class ForwardStatements:
    """Statements in the order in which they run, up to the `return`."""

    def __init__(self) -> None:
        self.shapes: dict[Expr, str] = {}  # of values, which are comments
        self.names = NameAllocator({"self", "torch", "nn", "x"})
        self.statements: list[ForwardStmt] = []

    def __len__(self) -> int:
        return len(self.statements)

    def assign(self, name: str, value: Expr) -> NameExpr:
        """Append `name = value`."""
        self.statements.append(self._assignment(name, value))
        return NameExpr(name)

    def assign_in_training(self, name: str, value: Expr) -> NameExpr:
        """Append `if self.training: name = value`."""
        self.statements.append(IfStmt(TRAINING, (self._assignment(name, value),)))
        return NameExpr(name)

    def as_name(self, value: Expr, name: str) -> NameExpr:
        """The variable that has a value; without one, assign the value to `name`."""
        return value if isinstance(value, NameExpr) else self.assign(name, value)

    def add(self, statement: IfStmt) -> None:
        """Append an `if`."""
        self.statements.append(statement)

    @contextmanager
    def apart(self) -> Iterator[list[ForwardStmt]]:
        """Statements of their own, such as those of an `if`."""
        around, self.statements = self.statements, []
        yield self.statements
        self.statements = around

    def insert(self, position: int, name: str, value: Expr) -> NameExpr:
        """Insert `name = value` at a position."""
        self.statements.insert(position, self._assignment(name, value))
        return NameExpr(name)

    def unpack(self, names: Iterable[str], value: Expr) -> None:
        """Append `a, b = value`."""
        self.statements.append(UnpackStmt(tuple(names), value))

    def returning(self, result: Expr, heads: Sequence[NameExpr]) -> tuple[Stmt, ...]:
        """All statements and the `return`, which in training returns the heads too.

        To a type checker, the output of a submodule is anything. It becomes a tensor
        as the value of `x`.
        """
        last = self.statements[-1] if self.statements else None
        if isinstance(last, AssignStmt) and last.target == result:
            del self.statements[-1]
            result = last.value
        if heads or not _is_tensor(result):
            result = self.assign("x", result) if result != X else X
        statements: list[Stmt] = [*_without_unread(self.statements, [result, *heads])]
        if heads:
            assert isinstance(result, NameExpr)
            outputs = _tuple_of([result, *heads])
            statements.append(IfStmt(TRAINING, (ReturnStmt(outputs),)))
        after = self.shapes.get(result, "")
        return (*_merged(statements), ReturnStmt(result, after))

    def _assignment(self, name: str, value: Expr) -> AssignStmt:
        return AssignStmt(NameExpr(name), value, after=self.shapes.get(value, ""))

    def returning_tuple(
        self, outputs: Sequence[NameExpr], heads: Sequence[NameExpr]
    ) -> tuple[Stmt, ...]:
        """All statements and the `return` of a tuple, to which training adds the heads."""
        read = _without_unread(self.statements, [*outputs, *heads])
        statements: list[Stmt] = [*read]
        if heads:
            all_outputs = _tuple_of([*outputs, *heads])
            statements.append(IfStmt(TRAINING, (ReturnStmt(all_outputs),)))
        return (*_merged(statements), ReturnStmt(_tuple_of(outputs)))


def _tuple_of(names: Sequence[NameExpr]) -> TupleExpr:
    return TupleExpr(tuple(map(Element, names)))


def _is_tensor(value: Expr) -> bool:
    """Whether the type of an expression is known to be a tensor."""
    match value:
        case CallExpr():
            return value.function == NameExpr("torch", "cat")
        case OpExpr():
            return all(map(_is_tensor, value.operands))
        case SuffixExpr():
            return _is_tensor(value.value)
    return value == X


def _without_unread(
    statements: Sequence[ForwardStmt], results: Iterable[Expr]
) -> list[ForwardStmt]:
    """The statements that a later one or a result reads; a `ref` can skip some."""
    return _live(statements, names_read(results))


def _live(statements: Sequence[Any], read: set[str]) -> list[Any]:
    """The statements that a later one reads; `read` becomes what is read before them."""
    kept: list[Stmt] = []
    for statement in reversed(statements):
        assigned = _assigned(statement)
        if read.isdisjoint(assigned):
            continue
        if isinstance(statement, IfStmt):
            kept.append(_live_if(statement, read))
            continue
        if isinstance(statement, UnpackStmt):
            names = tuple(name if name in read else "_" for name in assigned)
            kept.append(replace(statement, names=names))
        else:
            kept.append(statement)
        read.difference_update(assigned)
        read |= names_read([statement])
    return kept[::-1]


def _live_if(statement: IfStmt, read: set[str]) -> IfStmt:
    """An `if` with the statements that are read. It may leave a variable as it is."""
    arms = [statement.body, statement.orelse or ()]
    before = [{*read} for _ in arms]
    body, orelse = (tuple(_live(*each)) for each in zip(arms, before, strict=True))
    read |= names_read([statement.test]).union(*before)
    return IfStmt(statement.test, body, orelse or None)


def _assigned(statement: Stmt) -> tuple[str, ...]:
    """The variables that a statement assigns."""
    match statement:
        case AssignStmt():
            return (statement.target.root,)
        case UnpackStmt():
            return statement.names
        case IfStmt():
            body = (*statement.body, *(statement.orelse or ()))
            return tuple(name for stmt in body for name in _assigned(stmt))
    return ()


def _merged(statements: Iterable[Stmt]) -> Iterator[Stmt]:
    """The statements, with neighboring `if self.training:` as one."""
    for is_training, group in groupby(statements, _is_training):
        if is_training:
            branches = [stmt for stmt in group if isinstance(stmt, IfStmt)]
            yield IfStmt(TRAINING, tuple(s for branch in branches for s in branch.body))
        else:
            yield from group


def _is_training(statement: Stmt) -> bool:
    return isinstance(statement, IfStmt) and statement.test == TRAINING
