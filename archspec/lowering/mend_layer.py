"""Which `p` or `k` lets a layer take its input: its own shape rule is asked."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import islice
from typing import Any

from archspec.frontend.ast import Call
from archspec.ir.graph import Shape
from archspec.lowering.bind import Bound
from archspec.lowering.changes import Change, is_free, slot_of
from archspec.ops.op import Op, ShapeFault, pair

Size = int | tuple[int, int]

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
    half = max(pair(kernel)) // 2 * max(pair(values.get("dilation", 1)))
    if at_fault == "padding":
        return {"padding": range(half, -1, -1)}
    room = max(x[1:]) + 2 * max(pair(values["padding"]))
    return {"padding": range(1, half + 1), "kernel_size": _smaller(kernel, room)}


def _smaller(kernel: Size, room: int) -> Iterable[Size]:
    """The kernel, cut to smaller and smaller squares."""
    height, width = pair(kernel)
    for most in range(min(room, max(height, width) - 1), 1, -1):
        cut = min(height, most), min(width, most)
        yield cut[0] if cut[0] == cut[1] else cut


def _fits(op: Op, x: Shape, values: Mapping[str, Any], at_fault: str) -> bool:
    """Whether the fault is gone; there may be another."""
    try:
        op.shape(x, **values)
    except ShapeFault as fault:
        return fault.parameter != at_fault
    return True
