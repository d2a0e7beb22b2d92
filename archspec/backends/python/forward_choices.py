"""An `if` of the spec in a `forward`: one arm, an optional child, or an `if` of Python."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from dataclasses import replace
from itertools import compress
from typing import NamedTuple

from archspec.backends.python.aligned_bodies import (
    Bodies,
    InstancesDifferError,
    is_bare,
    level,
    submodules,
)
from archspec.backends.python.expressions import expression
from archspec.backends.python.forward_state import (
    LONGEST,
    ForwardState,
    has_own_line,
    is_identity,
    passes_on,
    submodule_at,
)
from archspec.backends.python.group_ports import ports_of
from archspec.backends.python.identifiers import python_name
from archspec.backends.python.merge_expressions import merge_expression
from archspec.backends.python.names_in_scope import ClassScope
from archspec.backends.python.submodule_builder import (
    negated,
    only_child,
)
from archspec.backends.python.submodules import (
    Member,
    SubmoduleChoice,
)
from archspec.backends.python.syntax import (
    AtomExpr,
    ConditionalExpr,
    Expr,
    IfStmt,
    NameExpr,
    Stmt,
)
from archspec.ir.graph import (
    Choice,
    Layer,
    Let,
    Merge,
    Module,
)
from archspec.ir.symbolic import substitute, variables


class Arm(NamedTuple):
    """What some instances do: the statements of `forward`, and their submodules."""

    statements: tuple[Stmt, ...]
    members: list[Member]


class OptionalJoin(NamedTuple):
    """A join of a body and its own input, in some instances."""

    merge: Merge
    bodies: Bodies  # of all instances
    is_input_first: bool


class ForwardChoices(ForwardState):
    """Writes choices, of which instances take different arms."""

    def _choice(
        self, column: Sequence[Choice], value: Expr, target: str, scope: ClassScope
    ) -> Expr:
        """The arm that all instances take, or a submodule that is the right one."""
        if len({choice.condition.value for choice in column}) == 1:
            scope.must_not_depend(choice.condition.code for choice in column)
            bodies = [choice.body for choice in column]
            return self._body(bodies, value, target, scope)
        if self.may_branch:
            return self._if(column, value, target, scope)
        optional = _optional_join(column)
        if optional:
            return self._joined_if(column, optional, value, target, scope)
        arms = [module for choice in column for module in submodules(choice.body)]
        if any(is_identity(arm) and arm.name.value in self.wanted for arm in arms):
            raise InstancesDifferError
        if any(map(_needs_more_than_input, arms)):
            raise InstancesDifferError  # not a call with one argument
        child = only_child(self.submodule_builder.choice(column, scope))
        if child is None:
            return value
        others = [arm for arm in arms if not is_identity(arm)]
        key, is_known = self.attributes.of(others, child.value)
        self._place(others, key)
        if not is_known:
            self.submodules.append(replace(child, key=key, is_numbered=False))
        is_main = any(map(has_own_line, others))
        result = self._called(submodule_at(key), value, target, is_main=is_main)
        return self._labeled(child.key, result)

    def _joined_if(
        self,
        column: Sequence[Choice],
        optional: OptionalJoin,
        value: Expr,
        target: str,
        scope: ClassScope,
    ) -> Expr:
        """`x + out if self.use_shortcut else out`: the input is joined, or not."""
        entry = self.statements.as_name(value, target)
        name = self.statements.names.fresh("out")
        output = self._body(optional.bodies, entry, name, scope)
        out = self.statements.as_name(output, name)
        outputs = [entry, out] if optional.is_input_first else [out, entry]
        names = [each.root for each in outputs]
        joined = merge_expression(optional.merge, outputs, names, self.statements)
        inside = replace(scope, may_add=False)
        conditions = [choice.condition for choice in column]
        test = self.submodule_builder.unifier.unify(conditions, "", inside)
        return ConditionalExpr(joined, self._flag("use_shortcut", test), out)

    def _if(
        self, column: Sequence[Choice], value: Expr, target: str, scope: ClassScope
    ) -> Expr:
        """`if self.depth > 0:` and what only some instances do."""
        x = NameExpr(target)
        if value != x:
            self.statements.assign(target, value)
        inside = replace(scope, may_add=False)
        conditions = [choice.condition for choice in column]
        chosen = [bool(condition.value) for condition in conditions]
        arms = [self._arm(column, chosen, x, inside)]
        arms.append(self._arm(column, [not each for each in chosen], x, inside))
        if not arms[0].statements:
            conditions = [*map(negated, conditions)]
            arms.reverse()
        then, otherwise = arms
        test = self.submodule_builder.unifier.shared(
            [c.code for c in conditions], inside
        )
        if then.members or otherwise.members:
            self.submodules.append(
                SubmoduleChoice(test, then.members, otherwise.members)
            )
        if then.statements:
            asked = self._asked(substitute(conditions[0].code, scope.values))
            orelse = otherwise.statements or None
            self.statements.add(IfStmt(asked, then.statements, orelse))
        return x

    def _arm(
        self,
        column: Sequence[Choice],
        chosen: Sequence[bool],
        x: NameExpr,
        scope: ClassScope,
    ) -> Arm:
        """What the chosen instances do between two values of a variable."""
        bodies = [choice.body for choice in compress(column, chosen)]
        if any(isinstance(item, Let) for body in bodies for item in level(body)):
            raise InstancesDifferError  # its value may exist in these instances only
        around, self.submodules = self.submodules, []
        shared = {**self.attributes.shared}
        with self.statements.apart() as statements:
            result = self._body(bodies, x, x.root, scope.of(chosen))
            if result != x:
                self.statements.assign(x.root, result)
        members, self.submodules = self.submodules, around
        self.attributes.shared = shared  # the other arm has none of these
        return Arm(tuple(statements), members)

    def _asked(self, code: ast.expr) -> Expr:
        """A condition of `__init__` as `forward` asks it: `self.depth > 0`."""
        attributes: dict[str, ast.expr] = {}
        for name in sorted(variables(code)):
            python = python_name(name)
            flag = self._flag(python, NameExpr(python))
            attributes[name] = ast.Name(f"self.{flag.attribute}", ast.Load())
        text = expression(substitute(code, attributes))
        if len(text) > LONGEST:
            raise InstancesDifferError  # the line might need to break
        return AtomExpr(text, frozenset({"self"}))


def _optional_join(column: Sequence[Choice]) -> OptionalJoin | None:
    """The join that some instances have, and others only one branch of."""
    joins: list[Merge] = []
    for choice in column:
        match choice.condition.value, choice.body:
            case True, (Merge(branches=(_, _)) as merge,):
                joins.append(merge)
            case True, _:
                return None
    for first in (False, True):
        if all(passes_on(merge.branches[0 if first else 1]) for merge in joins):
            own = iter(merge.branches[1 if first else 0] for merge in joins)
            bodies = [next(own) if c.condition.value else c.body for c in column]
            return OptionalJoin(joins[0], bodies, is_input_first=first)
    return None


def _needs_more_than_input(item: Layer | Module) -> bool:
    return is_bare(item) or not ports_of([item]).is_plain
