"""Which padding, kernel or number of groups lets an op take its input.

    conv(8, k=5) on [3, 4, 4]  ->  write `conv(8, k=5, p=1)`, or `conv(8, k=4)`

Each candidate is tried on the op's own shape rule.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import islice
from typing import Any

from archspec.diagnostics.diagnostic import Fix
from archspec.lowering.faults import OpCallFault
from archspec.ops.shapes import ShapeError, Size, spread
from archspec.repair.edits import CallEdit, is_free, slot_of
from archspec.repair.proposal import Proposal

TIED = ({"kernel_size", "padding"}, {"groups"})  # a change of one may break the other
MAX_CANDIDATES = 100  # for each argument: farther away lies another mistake


def fix_op_call(fault: OpCallFault) -> Proposal:
    """The calls that can take the input."""
    found: list[CallEdit] = []
    for name, candidates in _candidates(fault).items():
        slot = slot_of(fault.op, name)
        if slot is None or not is_free(slot, fault.call, fault.bound):
            continue
        for value in islice(candidates, MAX_CANDIDATES):
            if _fits(fault, {**fault.values, name: value}):
                before = fault.bound.values.get(slot.key)
                found.append(CallEdit(fault.call, slot, before, value))
                break
    if not found:
        return Proposal()
    rest = ["shrink the input less before"] * (fault.parameter == "kernel_size")
    words = ", or ".join([*(f"`{edit.text}`" for edit in found), *rest])
    fixes = [Fix(f"write `{edit.text}`", (edit.edit,), False) for edit in found]
    return Proposal((f"write {words}",), (*fixes,))


def _candidates(fault: OpCallFault) -> dict[str, Iterable[Any]]:
    """Values to try for each argument, the best first."""
    values, at_fault = fault.values, fault.parameter
    if at_fault == "groups":
        return {"groups": range(values["groups"] - 1, 0, -1)}
    if at_fault not in ("kernel_size", "padding") or "kernel_size" not in values:
        return {}
    try:
        kernel, dilation = (
            spread(values.get(name, 1), fault.input, name)
            for name in ("kernel_size", "dilation")
        )
    except ShapeError:  # they are not one number for each axis
        return {}
    halves = [k // 2 * d for k, d in zip(kernel, dilation, strict=True)]
    most = max(halves)  # may be huge: what follows is computed as it is tried
    if at_fault == "padding":
        return {"padding": (_cut(halves, n) for n in range(most, -1, -1))}
    paddings = (_cut(halves, n) for n in range(1, most + 1))
    padding = values["padding"]
    room = max(fault.input.spatial) + 2 * (
        max(halves) if padding == "same" else _largest(padding)
    )
    return {"padding": paddings, "kernel_size": _smaller(kernel, room)}


def _largest(size: Size) -> int:
    return max(size) if isinstance(size, tuple) else size


def _smaller(kernel: Sequence[int], room: int) -> Iterable[Size]:
    """The kernel, cut smaller and smaller."""
    for most in range(min(room, max(kernel) - 1), 1, -1):
        yield _cut(kernel, most)


def _cut(sizes: Sequence[int], most: int) -> Size:
    """The sizes, none over a bound; one number if they are equal."""
    cut = tuple(min(size, most) for size in sizes)
    return cut[0] if len(set(cut)) == 1 else cut


def _fits(fault: OpCallFault, values: Mapping[str, Any]) -> bool:
    """Whether other arguments solve the fault; an independent one may remain."""
    try:
        fault.op.shape(fault.input, **values)
    except ShapeError as error:
        return not any({fault.parameter, error.parameter} <= tied for tied in TIED)
    return True
