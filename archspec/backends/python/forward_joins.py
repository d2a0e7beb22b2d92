"""Branches of a `forward`, and their joins.

The branches run in the order written. An output that a join can read in place has no
variable.
"""

from __future__ import annotations

from collections.abc import Sequence

from archspec.backends.python.aligned_bodies import (
    channel_axis,
)
from archspec.backends.python.forward_state import (
    ForwardState,
    X,
    may_pass_on,
)
from archspec.backends.python.merge_expressions import concat, merge_expression
from archspec.backends.python.names_in_scope import ClassScope
from archspec.backends.python.syntax import (
    AtomExpr,
    CallExpr,
    Element,
    Expr,
    ListExpr,
    NameExpr,
)
from archspec.backends.python.unroll_repeats import unroll
from archspec.ir.graph import (
    Collect,
    Merge,
)


class ForwardJoins(ForwardState):
    """Writes joins, splits and collects."""

    def _merge(
        self, column: Sequence[Merge], value: Expr, target: str, scope: ClassScope
    ) -> Expr:
        """The branches in the order written, then their join."""
        for each in column:
            scope.must_not_depend(each.presence)
        merge = column[0]
        entry = self.statements.as_name(value, target)
        stem = f"{target}_" if target != "x" else ""
        inputs = [entry] * len(merge.branches)
        if merge.split:
            inputs = self._chunks(column, entry, f"{stem}chunk", scope)
        names = self._branch_names(merge, target) or [
            self.statements.names.numbered(f"{stem}branch") for _ in inputs
        ]
        outputs: list[Expr] = []
        settled = 0  # outputs that no later statement can change
        for number, start in enumerate(inputs):
            before = len(self.statements)
            bodies = [merge.branches[number] for merge in column]
            output = self._body(bodies, start, names[number], scope)
            if len(self.statements) > before:  # run the earlier branches first
                self._settle(outputs, names, settled, before)
                settled = len(outputs)
            outputs.append(output)
        return merge_expression(merge, outputs, names, self.statements)

    def _branch_names(self, merge: Merge, target: str) -> list[str]:
        """`out` and `shortcut`, where a branch meets its own input; none elsewhere."""
        if target != X.root or merge.split or len(merge.branches) != 2:
            return []
        match [*map(may_pass_on, merge.branches)]:
            case [False, True]:
                kinds = ["out", "shortcut"]
            case [True, False]:
                kinds = ["shortcut", "out"]
            case _:
                return []
        for kind in kinds:
            if kind not in self.own_names:
                self.own_names[kind] = self.statements.names.fresh(kind)
        return [self.own_names[kind] for kind in kinds]

    def _collect(
        self, column: Sequence[Collect], value: Expr, target: str, scope: ClassScope
    ) -> tuple[Expr, ClassScope]:
        """What comes in and the output of each iteration, in one list."""
        outputs = [self.statements.as_name(value, target)]
        iterations, scope = unroll([each.repeat for each in column], scope)
        for bodies, inside in iterations:
            name = self.statements.names.numbered("y")
            output = self._body(bodies, outputs[-1], name, inside)
            outputs.append(self.statements.as_name(output, name))
        return concat(column[0], ListExpr(tuple(map(Element, outputs)))), scope

    def _chunks(
        self, column: Sequence[Merge], value: NameExpr, stem: str, scope: ClassScope
    ) -> list[NameExpr]:
        """The chunk of each branch: `chunk1, chunk2 = x.chunk(2, dim=1)`."""
        merge = column[0]
        names = [self.statements.names.numbered(stem) for _ in merge.branches]
        axis = Element(AtomExpr(str(channel_axis(merge))), "dim=")
        sizes = [each.sizes for each in column if each.sizes]
        how = "split_with_sizes" if sizes else "chunk"
        parts: Expr = AtomExpr(str(len(names)))
        if sizes:
            value_of_all = self.submodule_builder.unifier.unify(sizes, "sizes", scope)
            parts = self._attribute(f"{stem}_sizes", value_of_all)
        chunk = CallExpr(NameExpr(value.root, how), (Element(parts), axis))
        self.statements.unpack(names, chunk)
        return [NameExpr(name) for name in names]

    def _settle(
        self, outputs: list[Expr], names: Sequence[str], first: int, position: int
    ) -> None:
        """Assign outputs, from the first on, before the statement at a position."""
        for number in range(first, len(outputs)):
            if not isinstance(outputs[number], NameExpr):
                outputs[number] = self.statements.insert(
                    position, names[number], outputs[number]
                )
                position += 1
