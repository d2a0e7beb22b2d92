"""Faults as data: a finding may carry one, and `repair` searches for a fix from it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from archspec.frontend.ast import Call, Merge
from archspec.ir import graph as ir
from archspec.lowering.context import AuxHead, Context
from archspec.ops.merging import MERGES
from archspec.ops.op import Op
from archspec.ops.shapes import ShapeError
from archspec.resolve.bind import BoundArguments


class OpCallFault(NamedTuple):
    """An op that cannot take its input with these arguments: sizes, padding, groups."""

    call: Call
    op: Op
    bound: BoundArguments
    input: ir.Shape
    values: Mapping[str, Any]
    """Arguments by torch's names."""

    parameter: str
    """The argument at fault, by torch's name."""


class MergeFault(NamedTuple):
    """Branches whose shapes mismatch."""

    kind: str
    merge: Merge
    input: ir.Value
    shapes: Sequence[ir.Shape]
    """The outputs of the branches."""

    context: Context

    @property
    def odd_branches(self) -> list[int]:
        """The branch that differs from all others; of two, either."""
        sizes = [shape.spatial for shape in self.shapes]
        if len(sizes) == 2:
            is_gate = self.kind == "mul" and sizes.count((1, 1)) == 1
            return [sizes.index((1, 1))] if is_gate else [0, 1]
        kinds = list(self.shapes) if len(set(sizes)) == 1 else sizes
        common, count = Counter(kinds).most_common(1)[0]
        is_one = count == len(kinds) - 1
        return [n for n, kind in enumerate(kinds) if kind != common] * is_one

    def expected_output(self) -> ir.Shape | None:
        """The output once the odd branch matches the others, if there is one."""
        odd = self.odd_branches
        if len(odd) != 1 or {shape.axes for shape in self.shapes} != {"CHW"}:
            return None
        shapes = [*self.shapes]
        own = shapes.pop(odd[0])
        if self.kind == "concat":
            shapes.append(own.with_spatial(shapes[0].spatial))
        return merged_shape(self.kind, shapes)


class AuxFault(NamedTuple):
    """A head whose output is not of the network's shape."""

    head: AuxHead
    wanted: ir.Shape


def merged_shape(kind: str, shapes: Sequence[ir.Shape]) -> ir.Shape | None:
    """The output of a join; None if the shapes mismatch."""
    try:
        return MERGES[kind].shape(shapes)
    except ShapeError:
        return None
