"""Which `p` or `k` lets a layer take its input: its own shape rule is asked."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import islice
from typing import Any

from archspec.frontend.ast import Call
from archspec.ir.graph import Shape
from archspec.lowering.bind import Bound
from archspec.lowering.changes import Change, is_free, slot_of
from archspec.ops.op import Op, ShapeFault, pair

Size = int | tuple[int, int]

TIED = ({"kernel_size", "padding"}, {"groups"})  # a change of one may break the other
MAX_TRIES = 100  # of each argument: who is farther off has another mistake


def mend_layer(
    call: Call, op: Op, bound: Bound, x: Shape, values: Mapping[str, Any], at_fault: str
) -> str:
    """Calls that fit, in words; `at_fault` is the argument that does not."""
    found = []
    for name, candidates in _candidates(x, values, at_fault).items():
        slot = slot_of(op, name)
        if slot is None or not is_free(slot, call, bound):
            continue
        for value in islice(candidates, MAX_TRIES):
            if _fits(op, x, {**values, name: value}, at_fault):
                before = bound.values.get(slot.key)
                found.append(f"`{Change(call, slot, before, value).text}`")
                break
    if not found:
        return ""
    rest = ["shrink the input less before"] * (at_fault == "kernel_size")
    return f"write {', or '.join([*found, *rest])}"


def _candidates(
    x: Shape, values: Mapping[str, Any], at_fault: str
) -> dict[str, Iterable[Any]]:
    """Values to try for each argument, the best first."""
    if at_fault == "groups":
        return {"groups": range(values["groups"] - 1, 0, -1)}
    if at_fault not in ("kernel_size", "padding") or "kernel_size" not in values:
        return {}
    kernel = values["kernel_size"]
    halves = [
        k // 2 * d
        for k, d in zip(pair(kernel), pair(values.get("dilation", 1)), strict=True)
    ]
    most = max(halves)  # may be huge: what follows is computed as it is tried
    if at_fault == "padding":
        return {"padding": (_cut(halves, n) for n in range(most, -1, -1))}
    paddings = (_cut(halves, n) for n in range(1, most + 1))
    padding = values["padding"]
    room = max(x[1:]) + 2 * (max(halves) if padding == "same" else max(pair(padding)))
    return {"padding": paddings, "kernel_size": _smaller(kernel, room)}


def _smaller(kernel: Size, room: int) -> Iterable[Size]:
    """The kernel, cut to smaller and smaller squares."""
    for most in range(min(room, max(pair(kernel)) - 1), 1, -1):
        yield _cut(pair(kernel), most)


def _cut(sizes: Sequence[int], most: int) -> Size:
    """Both sizes, neither over a bound; one number if they are equal."""
    height, width = (min(size, most) for size in sizes)
    return height if height == width else (height, width)


def _fits(op: Op, x: Shape, values: Mapping[str, Any], at_fault: str) -> bool:
    """Whether the fault is gone and has brought no other; there may be one besides."""
    try:
        op.shape(x, **values)
    except ShapeFault as fault:
        return not any({at_fault, fault.parameter} <= tied for tied in TIED)
    return True
