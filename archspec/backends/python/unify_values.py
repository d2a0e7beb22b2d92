"""Unify the values that one argument has in all instances of a class.

    conv(cout, k=1), with cout = 3 and 6          ->   nn.Conv2d(in_channels, cout, ...)
    conv(8, k=1)                                  ->   nn.Conv2d(in_channels, 8, ...)
    flatten | linear(4), of 48 and 192 features   ->   nn.Linear(in_features, 4)

The result is the expression that all instances share, or the literal that all have, or
a new parameter of the class, such as `in_features`, which each call of the class sets.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Sequence
from typing import Any

from archspec.backends.python.aligned_bodies import InstancesDifferError
from archspec.backends.python.expressions import (
    code_expr,
    expression,
    same_value,
    value_expr,
)
from archspec.backends.python.identifiers import python_name
from archspec.backends.python.names_in_scope import ClassScope
from archspec.backends.python.syntax import Expr, NameExpr
from archspec.ir.symbolic import (
    Symbolic,
    constant,
    forgotten_names,
    same,
    substitute,
    variables,
)

LONGEST = 44  # characters of an expression that a reader takes in at a glance


class ValueUnifier:
    """Unifies the values of one class, and remembers which names that takes."""

    def __init__(self, instances: int, taken: Iterable[str]) -> None:
        """`taken` are the spec's names, which no new parameter may have."""
        self.instances = instances
        self.taken = {python_name(name) for name in taken}
        self.used: set[str] = set()  # names of the spec that the code reads
        self.added: dict[str, list[Any]] = {}  # new parameters: a value per instance
        self.told: dict[str, ast.expr] = {}  # channels that an attribute tells

    @property
    def state(self) -> tuple[set[str], dict[str, list[Any]]]:
        """What is used and added so far, to be restored after a failed attempt."""
        return set(self.used), dict(self.added)

    @state.setter
    def state(self, state: tuple[set[str], dict[str, list[Any]]]) -> None:
        self.used, self.added = state

    def unify(self, items: Sequence[Symbolic], hint: str, scope: ClassScope) -> Expr:
        """One expression for a value of all instances.

        `hint` names the parameter, if a new one is needed.

        Raises:
            InstancesDifferError: if the values differ and `scope` forbids a parameter.
        """
        values = [_plain(item.value) for item in items]
        alike = all(same_value(value, values[0]) for value in values)
        codes = [self._code(item.code, scope) for item in items]
        if alike and not any(variables(code) for code in codes):
            scope.must_not_depend(codes)
            return value_expr(values[0])
        try:
            return self.shared(codes, scope)
        except InstancesDifferError:
            if alike:
                scope.must_not_depend(codes)
                return value_expr(values[0])
        namesake = ast.Name(python_name(hint), ast.Load())
        for code in {ast.dump(code): code for code in (*codes, namesake)}.values():
            if variables(code) and self._holds(code, values, scope):
                return self.shared([code], scope)
        chosen = scope.chosen(codes)
        if chosen is not None and self.is_shared([chosen], scope):
            return self.shared([chosen], scope)
        scope.must_not_depend(codes)
        return self._add(hint, self._of_instances(values, scope))

    def _of_instances(self, values: list[Any], scope: ClassScope) -> list[Any]:
        """The value of each instance, which may have it in all iterations of a loop.

        Raises:
            InstancesDifferError: if one has several values, or `scope` forbids it.
        """
        owners = scope.owners or range(self.instances)
        if not scope.may_add or len(values) != len(owners):
            raise InstancesDifferError
        found: dict[int, Any] = {}
        for owner, value in zip(owners, values, strict=True):
            if not same_value(found.setdefault(owner, value), value):
                raise InstancesDifferError
        if len(found) < self.instances:
            raise InstancesDifferError
        return [found[owner] for owner in range(self.instances)]

    def shared(self, codes: Sequence[ast.expr], scope: ClassScope) -> Expr:
        """The expression that all instances share.

        Raises:
            InstancesDifferError: if they share none, or it reads a name not in scope.
        """
        if not self.is_shared(codes, scope):
            raise InstancesDifferError
        code = self._code(codes[0], scope)
        self.read(code)
        return code_expr(code)

    def is_shared(self, codes: Sequence[ast.expr], scope: ClassScope) -> bool:
        """Whether the instances share an expression that can be written here."""
        code = self._code(codes[0], scope)
        told = frozenset().union(*map(variables, self.told.values()))
        return (
            all(same(code, self._code(other, scope)) for other in codes[1:])
            and variables(code) <= scope.names | told
            and not forgotten_names(code) & scope.dependent
            and _is_short(code)
        )

    def _code(self, code: ast.expr, scope: ClassScope) -> ast.expr:
        """An expression in the names that the class has here."""
        values = {**self.told, **scope.values} if self.told else scope.values
        return substitute(code, values)

    def _holds(self, code: ast.expr, values: Sequence[Any], scope: ClassScope) -> bool:
        """Whether an expression of one instance has the right value in all of them."""
        if len(scope.known) != len(values) or not self.is_shared([code], scope):
            return False
        for known, value in zip(scope.known, values, strict=True):
            names = {k: constant(known[k]) for k in variables(code) if k in known}
            found = substitute(code, names)
            is_value = isinstance(found, ast.Constant) and same_value(
                found.value, value
            )
            if not is_value:
                return False
        return True

    def read(self, code: ast.expr) -> None:
        """Note the names that an expression reads."""
        self.used |= variables(code)

    def _add(self, hint: str, values: list[Any]) -> Expr:
        """A new parameter for values that no expression gives."""
        hint = python_name(hint.strip("_") or "size")
        number, name = 1, hint
        while name in self.taken or self.added.get(name, values) != values:
            number += 1
            name = f"{hint}_{number}"
        self.added[name] = values
        return NameExpr(name)


def _is_short(code: ast.expr) -> bool:
    """Whether an expression, or each of a tuple, which can break, is soon read."""
    parts = code.elts if isinstance(code, ast.Tuple) else [code]
    return all(len(expression(part)) <= LONGEST for part in parts)


def _plain(value: Any) -> Any:
    """A symbolic integer as a plain one."""
    return int(value) if type(value) is not bool and isinstance(value, int) else value
