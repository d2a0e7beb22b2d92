"""What an expression may name at one place in an emitted class."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import compress
from typing import Any

from archspec.backends.python.aligned_bodies import (
    Body,
    InstancesDifferError,
    own_items,
)
from archspec.ir.graph import Choice, Repeat
from archspec.ir.symbolic import constant, dependencies, same, substitute, variables

Known = dict[str, Any]


@dataclass(frozen=True)
class ClassScope:
    """The names in scope, and what is allowed there.

    `values` replace variables that have no Python variable of their own: in the second
    iteration of an unrolled loop, `i` is `1`.
    """

    names: frozenset[str] = frozenset()
    values: dict[str, ast.expr] = field(default_factory=dict)
    may_add: bool = True  # whether a value may become a parameter of the class
    may_loop: bool = True  # whether a repeat may become a loop
    may_compute_labels: bool = True  # whether a label may differ between instances
    may_list: bool = True  # whether a group may be a list that statements fill
    known: tuple[Known, ...] = ()  # the values of names in each instance
    owners: tuple[int, ...] = ()  # in a loop, the instance that each body is of
    dependent: frozenset[str] = frozenset()  # names whose value depends on params
    choices: tuple[tuple[Choice, ...], ...] = ()  # so far, those of all instances

    def must_not_depend(self, codes: Iterable[ast.expr]) -> None:
        """Check that expressions do not depend on params of the spec.

        Raises:
            InstancesDifferError: if one does.
        """
        if self.dependent and any(
            dependencies(code) & self.dependent for code in codes
        ):
            raise InstancesDifferError

    def of(self, chosen: Sequence[bool]) -> ClassScope:
        """The scope of some of the instances."""
        if all(chosen):
            return self
        known = _of(self.known, chosen)
        return replace(self, known=known, owners=_of(self.owners, chosen), choices=())

    def decision(self, test: ast.expr, instance: int) -> bool | None:
        """Whether a condition holds in an instance; None if it reads unknown values."""
        known = self.known[instance] if self.known else {}
        names = {name: constant(known[name]) for name in variables(test) & known.keys()}
        found = substitute(test, {**self.values, **names})
        return bool(found.value) if isinstance(found, ast.Constant) else None

    def repeated(self, column: Sequence[Repeat]) -> ClassScope:
        """The scope of all iterations of a repeat in each instance."""
        around = self.owners or tuple(range(len(column)))
        if len(around) != len(column):
            return replace(self, may_add=False)
        pairs = zip(around, column, strict=True)
        owners = tuple(owner for owner, each in pairs for _ in each.iterations)
        return replace(self, owners=owners)

    def knowing(self, values: Sequence[Mapping[str, Any]]) -> ClassScope:
        """The scope with more values of names in each instance."""
        if len(values) != len(self.known):
            return replace(self, known=())
        pairs = zip(self.known, values, strict=True)
        return replace(self, known=tuple({**known, **more} for known, more in pairs))

    def naming(self, names: Iterable[str]) -> ClassScope:
        """The scope with more names."""
        return replace(self, names=self.names.union(names))

    def after_loops(self, body: Body) -> ClassScope:
        """The scope after items whose repeats may have taken a name."""
        taken = {each.channels for each in own_items(body) if isinstance(each, Repeat)}
        values = {name: v for name, v in self.values.items() if name not in taken}
        return replace(self, names=self.names - taken, values=values)

    def after(self, column: Body) -> ClassScope:
        """The scope after choices or merges."""
        choices = tuple(item for item in column if isinstance(item, Choice))
        is_mixed = len({choice.condition.value for choice in choices}) > 1
        found = self.after_loops(column)
        return replace(found, choices=(*self.choices, choices)) if is_mixed else found

    def chosen(self, codes: Sequence[ast.expr]) -> ast.expr | None:
        """`2 * c if i > 0 else c`: the codes of all instances, as an `if` has chosen.

        None if no `if` before this place tells them apart.
        """
        for choices in self.choices:
            if len(choices) != len(codes):
                continue
            pairs = [*zip(choices, codes, strict=True)]
            then = [code for choice, code in pairs if choice.condition.value]
            other = [code for choice, code in pairs if not choice.condition.value]
            test = choices[0].condition.code
            tests = [choice.condition.code for choice in choices]
            if all(_all_same(each) for each in (tests, then, other)):
                return ast.IfExp(test, then[0], other[0])
        return None


def _of(values: tuple[Any, ...], chosen: Sequence[bool]) -> tuple[Any, ...]:
    """Those values that are chosen; none if they are not of all instances."""
    return tuple(compress(values, chosen)) if len(values) == len(chosen) else ()


def _all_same(codes: Sequence[ast.expr]) -> bool:
    return all(same(code, codes[0]) for code in codes)
