"""What an expression may name at one place in an emitted class."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from archspec.backends.python.aligned_bodies import (
    Body,
    InstancesDifferError,
    level,
)
from archspec.ir.graph import Choice, Repeat
from archspec.ir.symbolic import same, variables

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
    dependent: frozenset[str] = frozenset()  # names whose value depends on params
    choices: tuple[tuple[Choice, ...], ...] = ()  # so far, those of all instances

    def must_not_depend(self, codes: Iterable[ast.expr]) -> None:
        """Check that expressions do not depend on params of the spec.

        Raises:
            InstancesDifferError: if one does.
        """
        if self.dependent and any(variables(code) & self.dependent for code in codes):
            raise InstancesDifferError

    def of(self, chosen: Sequence[bool]) -> ClassScope:
        """The scope of some of the instances."""
        if all(chosen):
            return self
        if len(chosen) != len(self.known):
            return replace(self, known=(), choices=())
        pairs = zip(self.known, chosen, strict=True)
        known = tuple(known for known, is_one in pairs if is_one)
        return replace(self, known=known, choices=())

    def knowing(self, values: Sequence[Mapping[str, Any]]) -> ClassScope:
        """The scope with more values of names in each instance."""
        if len(values) != len(self.known):
            return replace(self, known=())
        pairs = zip(self.known, values, strict=True)
        return replace(self, known=tuple({**known, **more} for known, more in pairs))

    def naming(self, names: Iterable[str]) -> ClassScope:
        """The scope with more names."""
        return replace(self, names=self.names.union(names))

    def after(self, column: Body) -> ClassScope:
        """The scope after choices or merges: repeats in them may have taken a name."""
        taken = {item.channels for item in level(column) if isinstance(item, Repeat)}
        values = {name: v for name, v in self.values.items() if name not in taken}
        choices = tuple(item for item in column if isinstance(item, Choice))
        is_mixed = len({choice.condition.value for choice in choices}) > 1
        return replace(
            self,
            names=self.names - taken,
            values=values,
            choices=(*self.choices, choices) if is_mixed else self.choices,
        )

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


def _all_same(codes: Sequence[ast.expr]) -> bool:
    return all(same(code, codes[0]) for code in codes)
