"""The numbers of a class, from the numbers of its instances.

A number of a layer is written as the expression over the block's parameters that all
instances share; or as a literal, where it is the same in all; or else it becomes one
more parameter of the class, such as the features behind a flatten.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from archspec.backends.python.expressions import expression, literal
from archspec.backends.python.identifiers import python_name
from archspec.ir.symbolic import Symbolic, same, substitute, variables

LONGEST = 44  # characters of an expression that a reader takes in at a glance


class Mismatch(Exception):  # noqa: N818  # control flow: try another way to write it
    """Instances that no one class can stand for."""


@dataclass(frozen=True)
class Scope:
    """What an expression may name at a place in a class."""

    names: frozenset[str] = frozenset()
    values: dict[str, ast.expr] = field(default_factory=dict)  # of unrolled loops
    may_add: bool = True  # whether a number may become a parameter
    may_loop: bool = True  # whether a repeat may be a loop

    def naming(self, names: Iterable[str]) -> Scope:
        """The scope with more names."""
        return replace(self, names=self.names.union(names))


class Numbers:
    """How a class writes its numbers, and which names that takes."""

    def __init__(self, instances: int, taken: Iterable[str]) -> None:
        """`taken` are the spec's names that no new parameter may have."""
        self.instances = instances
        self.taken = {python_name(name) for name in taken}
        self.used: set[str] = set()  # names of the spec that the code reads
        self.added: dict[str, list[Any]] = {}  # new parameters: a value per instance

    @property
    def state(self) -> tuple[set[str], dict[str, list[Any]]]:
        """What was used and added so far, to go back to after a failed attempt."""
        return set(self.used), dict(self.added)

    @state.setter
    def state(self, state: tuple[set[str], dict[str, list[Any]]]) -> None:
        self.used, self.added = state

    def write(self, items: Sequence[Symbolic], hint: str, scope: Scope) -> str:
        """A number of all instances as code; `hint` would name a parameter for it.

        Raises:
            Mismatch: if the numbers differ and no parameter may be added here.
        """
        values = [_plain(item.value) for item in items]
        alike = all(same_value(value, values[0]) for value in values)
        codes = [substitute(item.code, scope.values) for item in items]
        if alike and not any(variables(code) for code in codes):
            return literal(values[0])
        try:
            return self.shared(codes, scope)
        except Mismatch:
            if alike:
                return literal(values[0])
        if not scope.may_add or len(values) != self.instances:
            raise Mismatch
        return self.add(hint, values)

    def shared(self, codes: Sequence[ast.expr], scope: Scope) -> str:
        """The expression that all instances share.

        Raises:
            Mismatch: if they share none that can be written here.
        """
        if not self.is_shared(codes, scope):
            raise Mismatch
        code = substitute(codes[0], scope.values)
        self.read(code)
        return expression(code)

    def is_shared(self, codes: Sequence[ast.expr], scope: Scope) -> bool:
        """Whether the instances share an expression that can be written here."""
        code = substitute(codes[0], scope.values)
        return (
            all(same(code, substitute(other, scope.values)) for other in codes[1:])
            and variables(code) <= scope.names
            and len(expression(code)) <= LONGEST
        )

    def read(self, code: ast.expr) -> None:
        """Note the names that an expression reads."""
        self.used |= variables(code)

    def add(self, hint: str, values: list[Any]) -> str:
        """A parameter for numbers that no expression gives."""
        hint = python_name(hint.strip("_") or "size")
        number, name = 1, hint
        while name in self.taken or self.added.get(name, values) != values:
            number += 1
            name = f"{hint}_{number}"
        self.added[name] = values
        return name


def same_value(left: Any, right: Any) -> bool:
    """Whether two values are written alike: 1, 1.0 and True are not."""
    if isinstance(left, tuple) and isinstance(right, tuple):
        return len(left) == len(right) and all(map(same_value, left, right))
    return type(left) is type(right) and bool(left == right)


def _plain(value: Any) -> Any:
    """A symbolic integer as a plain one."""
    return int(value) if type(value) is not bool and isinstance(value, int) else value


def annotation(values: Iterable[Any]) -> str:
    """The type of a parameter that takes these values."""
    kinds = {kind for value in values for kind in _kinds(value)}
    if kinds == {"int", "float"}:
        return "float"
    return " | ".join(sorted(kinds))


def _kinds(value: Any) -> set[str]:
    if not isinstance(value, tuple):
        known = isinstance(value, bool | float | str)
        return {type(value).__name__ if known else "int"}
    if not value:
        return {"tuple[()]"}
    inner = annotation(value)
    return {f"tuple[{inner}, {inner}]" if len(value) == 2 else f"tuple[{inner}, ...]"}
