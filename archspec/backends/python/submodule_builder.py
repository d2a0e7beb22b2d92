"""Build the submodules of a class from the bodies of all its instances.

Its bodies are aligned item by item; each column of items gives submodules, loops and
choices of submodules, or local variables.
"""

from __future__ import annotations

import ast
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from archspec.backends.python.aligned_bodies import (
    Bodies,
    InstancesDifferError,
    columns,
    is_numbered,
)
from archspec.backends.python.block_params import (
    WIDTH,
    told_by,
)
from archspec.backends.python.identifiers import is_attribute
from archspec.backends.python.names_in_scope import ClassScope
from archspec.backends.python.submodule_loops import SubmoduleLoops
from archspec.backends.python.submodules import (
    IDENTITY,
    LocalVariable,
    Member,
    Submodule,
    SubmoduleChoice,
    SubmoduleLoop,
    is_plain,
)
from archspec.backends.python.syntax import (
    CallExpr,
    ConditionalExpr,
)
from archspec.ir.graph import Choice, Layer, Let, Module, Repeat
from archspec.ir.symbolic import (
    Symbolic,
    variable,
)


class SubmoduleBuilder(SubmoduleLoops):
    """Builds the submodules of one class."""

    def members(self, bodies: Bodies, scope: ClassScope) -> list[Member]:
        """The members that aligned bodies have in common.

        Raises:
            InstancesDifferError: if they differ in structure.
        """
        found: list[Member] = []
        shifts = False
        for column in columns(bodies):
            if shifts and _has_other_numbers(column):
                raise InstancesDifferError
            members, scope = self.column(column, scope)
            shifts |= isinstance(column[0], Choice) and not members
            found += members
        return found

    def column(
        self, column: list[Any], scope: ClassScope
    ) -> tuple[list[Member], ClassScope]:
        """The members for one item of all bodies, and the scope after it."""
        match column[0]:
            case Layer() | Module():
                submodule = self.submodule(column, scope)
                self._note_width(column, submodule)
                for item in column:
                    if isinstance(item, Module) and not item.block:
                        scope = scope.after_loops(item.body)
                return [submodule], scope.naming(left_by(submodule.members or []))
            case Let():
                return self._locals(column, scope)
            case Choice():
                return self.choice(column, scope), scope.after(tuple(column))
            case Repeat():
                return self._repeat(column, scope)
        raise InstancesDifferError  # branches, which only a `forward` can join

    def _note_width(
        self, column: Sequence[Layer | Module], submodule: Submodule
    ) -> None:
        """Note the attribute of a group that tells the channels that leave it."""
        if name := told_by([each for each in column if isinstance(each, Module)]):
            if submodule.computed_key or not is_attribute(submodule.key):
                return
            if isinstance(submodule.value, CallExpr) and submodule.members is None:
                told = variable(f"self.{submodule.key}.{WIDTH}")
                self.unifier.told[name] = told

    def _locals(
        self, column: Sequence[Let], scope: ClassScope
    ) -> tuple[list[Member], ClassScope]:
        """The variables of a `let` that one expression gives for all instances."""
        found: list[Member] = []
        for name in column[0].values:
            codes = [let.values[name].code for let in column]
            if self.unifier.is_shared(codes, scope):
                found.append(LocalVariable(name, codes[0], scope))
                values = [{name: let.values[name].value} for let in column]
                scope = scope.naming([name]).knowing(values)
        return found, scope

    def choice(self, column: Sequence[Choice], scope: ClassScope) -> list[Member]:
        """The arm that all instances take, or both under the condition."""
        taken = [choice.body for choice in column if choice.condition.value]
        left = [choice.body for choice in column if not choice.condition.value]
        if not taken or not left:
            scope.must_not_depend(choice.condition.code for choice in column)
            return self.members(taken or left, scope)
        inside = replace(scope, may_add=False, may_list=False)
        conditions = [choice.condition for choice in column]
        chosen = [bool(condition.value) for condition in conditions]
        then = self.members(taken, inside.of(chosen))
        otherwise = self.members(left, inside.of([not each for each in chosen]))
        has_place = not otherwise and all(map(is_plain, then))  # others come after it
        if all(map(_is_identity, then)) and not has_place:
            conditions = [*map(negated, conditions)]
            then, otherwise = otherwise, then
        if not then:
            return []
        match then, otherwise:
            case [Submodule() as one], [Submodule() as other] if one.key == other.key:
                if one.value == other.value:
                    return [one]
                test = self.unifier.unify(conditions, "", inside)
                value = ConditionalExpr(one.value, test, other.value)
                return [replace(one, value=value)]
        test = self.unifier.unify(conditions, "", inside)
        return [SubmoduleChoice(test, then, otherwise)]


def _has_other_numbers(column: Sequence[Any]) -> bool:
    """Whether positions in a chain name a submodule, in each instance another one.

    So after `skip: {if: c > 8, then: identity}`, which takes a place and makes nothing.
    """
    items = [item for item in column if isinstance(item, Layer | Module)]
    return len({item.name.value for item in items if is_numbered(item)}) > 1


def left_by(members: Sequence[Member]) -> set[str]:
    """The channels that the loops of a group in place leave as variables."""
    return {
        loop.repeats[0].channels
        for loop in members
        if isinstance(loop, SubmoduleLoop)
        and loop.repeats[0].channels in loop.scope.names
    }


def negated(condition: Symbolic) -> Symbolic:
    """`not condition`, without a second `not`."""
    match condition.code:
        case ast.UnaryOp(ast.Not(), code):
            return Symbolic(not condition.value, code)
    return Symbolic(not condition.value, ast.UnaryOp(ast.Not(), condition.code))


def only_child(members: Sequence[Member]) -> Submodule | None:
    """The one submodule of an arm, or of both under the condition; identities are none.

    Raises:
        InstancesDifferError: if there are several.
    """
    match [member for member in members if not _is_identity(member)]:
        case []:
            return None
        case [Submodule() as one]:
            return one
        case [SubmoduleChoice(test, then, otherwise)]:
            arms = only_child(then), only_child(otherwise)
            children = [child for child in arms if child]
            if not children:
                return None
            if len({child.key for child in children}) == 1:
                values = [child.value if child else IDENTITY for child in arms]
                if values[0] == values[1]:
                    return children[0]
                value = ConditionalExpr(values[0], test, values[1])
                return replace(children[0], value=value)
    raise InstancesDifferError


def _is_identity(member: Member) -> bool:
    return isinstance(member, Submodule) and member.value == IDENTITY
