"""Build the submodules of repeats: a loop, or each iteration by itself.

repeat: dense_layer(growth)   ->   for _ in range(n):
times: n                               layers.append(DenseLayer(channels, growth))
channels += growth
"""

from __future__ import annotations

import ast
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import replace
from itertools import groupby

from archspec.backends.python.aligned_bodies import (
    Bodies,
    InstancesDifferError,
)
from archspec.backends.python.block_params import (
    WIDTH,
)
from archspec.backends.python.callable_arguments import (
    param_uses,
)
from archspec.backends.python.identifiers import NameAllocator
from archspec.backends.python.loop_headers import loop_header
from archspec.backends.python.names_in_scope import ClassScope
from archspec.backends.python.submodule_calls import SubmoduleCalls
from archspec.backends.python.submodules import (
    EqualSubmodules,
    Member,
    Submodule,
    SubmoduleLoop,
)
from archspec.backends.python.syntax import (
    Expr,
)
from archspec.backends.python.unroll_repeats import unroll
from archspec.ir.graph import Module, Repeat
from archspec.ir.symbolic import (
    same,
    substitute,
    variable,
)
from archspec.resolve.partial_call import has_callee

MADE = "layer"  # the variable of a block that tells its width
FEW = 2  # equal iterations that are read as fast as a loop


class SubmoduleLoops(SubmoduleCalls, ABC):
    """Builds the submodules of repeats."""

    @abstractmethod
    def members(self, bodies: Bodies, scope: ClassScope) -> list[Member]:
        """The members that aligned bodies have in common."""

    def _repeat(
        self, column: Sequence[Repeat], scope: ClassScope
    ) -> tuple[list[Member], ClassScope]:
        """A loop, if one can represent all instances; else each iteration by itself."""
        if scope.may_loop and any(len(repeat.iterations) > 1 for repeat in column):
            before = self.unifier.state
            try:
                return self._loop(list(column), scope)
            except InstancesDifferError:
                self.unifier.state = before
        return self._unrolled(column, scope)

    def _loop(
        self, column: list[Repeat], scope: ClassScope
    ) -> tuple[list[Member], ClassScope]:
        """A `for` whose body represents every iteration of every instance."""
        first = column[0]
        updates = [repeat.update for repeat in column if repeat.update is not None]
        if len(updates) < len(column):
            raise InstancesDifferError
        moving = first.channels
        is_made = False
        values = {n: code for n, code in scope.values.items() if n != moving}
        names = {*first.variables[0]}
        outside = replace(scope, values=values, names=scope.names - {moving})
        inside = outside.naming(names)
        entry = substitute(first.entry, scope.values)
        if self.unifier.is_shared([repeat.entry for repeat in column], scope):
            stays = all(
                same(update, variable(moving)) or same(update, entry)
                for update in (substitute(update, values) for update in updates)
            )
            if stays:
                values[moving] = entry
            elif self._are_shared(updates, inside.naming([moving])) or (
                is_made := self._tells_width(column)
            ):
                names.add(moving)
        inside = inside.naming(names)
        inside = replace(inside, values=values, choices=()).repeated(column)
        bodies = [body for repeat in column for body in repeat.iterations]
        if len(scope.known) == len(column):
            pairs = zip(scope.known, column, strict=True)
            known = [{**k, **row} for k, repeat in pairs for row in repeat.variables]
            inside = replace(inside, known=tuple(known))
        loop = SubmoduleLoop(column, inside, self.members(bodies, inside))
        loop = self._following(loop) if is_made else loop
        loop.callables = self._callables_of(loop)
        loop_header(loop, self.unifier)  # or the instances differ
        after = replace(outside, values=values).naming(names & {moving})
        return [loop] if loop.members else [], after

    def _callables_of(self, loop: SubmoduleLoop) -> dict[str, list[Expr]]:
        """The values of those loop variables that are ops or blocks.

        Raises:
            InstancesDifferError: if an instance has others, or no expression gives them.
        """
        found: dict[str, list[Expr]] = {}
        for name in loop.repeats[0].variables[0]:
            values = [row[name] for repeat in loop.repeats for row in repeat.variables]
            if name in self.unifier.used and any(map(has_callee, values)):
                columns = [self._callable_column(name, each) for each in loop.repeats]
                if any(column != columns[0] for column in columns):
                    raise InstancesDifferError
                found[name] = columns[0]
        return found

    def _callable_column(self, name: str, repeat: Repeat) -> list[Expr]:
        pairs = zip(repeat.variables, repeat.iterations, strict=True)
        rows = [(row[name], body) for row, body in pairs]
        return [
            self.callables.value(value, [*param_uses(body, name, value)])
            for value, body in rows
        ]

    def _tells_width(self, column: Sequence[Repeat]) -> bool:
        """Whether what ends each iteration can tell the channels that leave."""
        last = [body[-1] for each in column for body in each.iterations if body]
        groups = [m.body[-1] for m in last if isinstance(m, Module) and not m.block]
        inner = [item for item in groups if isinstance(item, Repeat)]
        if len(inner) == len(last):
            return self._tells_width(inner)
        return all(
            isinstance(item, Module)
            and item.called is not None
            and self.class_of(item).has_width
            for item in last
        )

    def _following(self, loop: SubmoduleLoop) -> SubmoduleLoop:
        """A loop whose next channels its last member tells.

        Raises:
            InstancesDifferError: if that is in a class of its own.
        """
        *before, last = loop.members
        match last:
            case Submodule(members=[*_, SubmoduleLoop(made=ast.expr()) as inner]):
                return replace(loop, made=variable(inner.repeats[0].channels))
            case Submodule(members=None):
                name = NameAllocator(self.unifier.taken).unique(MADE)
                told = replace(last, variable=name)
                made = variable(f"{name}.{WIDTH}")
                return replace(loop, members=[*before, told], made=made)
        raise InstancesDifferError

    def _are_shared(self, updates: Sequence[ast.expr], scope: ClassScope) -> bool:
        """Whether the instances share an update, each arm of which is short."""
        arms = [
            [code.test, code.body, code.orelse]
            if isinstance(code, ast.IfExp)
            else [code]
            for code in updates
        ]
        return len({*map(len, arms)}) == 1 and all(
            self.unifier.is_shared(codes, scope) for codes in zip(*arms, strict=True)
        )

    def _unrolled(
        self, column: Sequence[Repeat], scope: ClassScope
    ) -> tuple[list[Member], ClassScope]:
        """Each iteration by itself, with its loop variables as literals."""
        found: list[Member] = []
        bodies, after = unroll(column, scope)
        iterations = [self.members(iteration, inside) for iteration, inside in bodies]
        for _, equal in groupby(iterations, _numbered_values):
            found += _folded(list(equal))
        return found, after


def _numbered_values(members: Sequence[Member]) -> object:
    """What is equal in iterations that differ only in the numbers of submodules."""
    found = [m for m in members if isinstance(m, Submodule) and m.is_numbered]
    if len(found) < len(members):
        return id(members)
    return [(submodule.value, submodule.shape) for submodule in found]


def _folded(iterations: list[list[Member]]) -> list[Member]:
    """Equal iterations as one that happens again, if they are more than a few."""
    submodules = [m for m in iterations[0] if isinstance(m, Submodule)]
    if len(iterations) > FEW:
        return [EqualSubmodules(len(iterations), submodules)]
    return [member for members in iterations for member in members]
