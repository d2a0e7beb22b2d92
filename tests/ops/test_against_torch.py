"""The rules of each op, against torch: shapes, weights, MACs, and rejected inputs."""

from __future__ import annotations

from collections.abc import Callable
from math import isqrt
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from archspec.ir.shape import Shape
from archspec.ops.axes import accepts
from archspec.ops.op import Op
from archspec.ops.registry import OPS
from archspec.ops.shapes import ShapeError

from .arguments import SIZES, cases
from .torch_side import Facts, facts

# The others have tests of their own in `test_modules.py`.
ALONE = sorted(name for name, op in OPS.items() if not op.reads_label and not op.undoes)
EXAMPLES = {"convolution": 150, "pooling": 150, "linear": 100}

Reason = Callable[[Op, Shape, dict[str, Any], Facts], bool]

# Where archspec is stricter than torch, by design.
STRICTER: dict[str, Reason] = {
    "torch reads any axes; a spec says which it means": (
        lambda op, x, _values, _torch: not accepts(op.takes, x.axes)
    ),
    "nothing may come of a layer": lambda _op, _x, _values, torch: 0 in torch.shape,
    "a dilation is 1 or more": lambda _op, _x, values, _torch: (
        0 in parts(values.get("dilation"))
    ),
    "`true` is not 1": lambda _op, _x, values, _torch: any(
        type(part) is bool
        for name, value in values.items()
        if name
        not in {"bias", "affine", "ceil_mode", "count_include_pad", "align_corners"}
        for part in parts(value)
    ),
    "a size is an integer, even where torch rounds": lambda _op, _x, values, _torch: (
        any(type(part) is float for name in SIZES for part in parts(values.get(name)))
    ),
    "a tuple has a number for each axis": lambda _op, x, values, _torch: any(
        type(values[name]) is tuple and len(values[name]) != len(x) - 1
        for name in SIZES & values.keys()
    ),
    "`eps` and `alpha` are above 0": lambda _op, _x, values, _torch: (
        values.get("eps", 1) <= 0 or values.get("alpha", 1) <= 0
    ),
    "`momentum` is a share": lambda _op, _x, values, _torch: (
        not 0 <= values.get("momentum", 0) <= 1
    ),
    "the batch stays, and in front": lambda op, _x, values, _torch: (
        op.name == "permute" and values["dims"][:1] != (0,)
    ),
    "padding adds channels, and takes none away": lambda op, x, values, _torch: (
        op.name == "pad_channels" and values["out_channels"] < x.channels
    ),
    "a mean keeps the channels": lambda op, x, values, _torch: (
        op.name == "mean" and values["dim"] == x.channel_axis + 1
    ),
    "`nearest` aligns no corners": lambda _op, _x, values, _torch: (
        values.get("mode") == "nearest" and values["align_corners"]
    ),
    "constants are one for each channel": lambda op, x, values, _torch: (
        op.name == "affine" and {len(parts(v)) for v in values.values()} != {x.channels}
    ),
    "chunks count from 0": lambda op, _x, values, _torch: (
        op.name == "chunk" and values["index"] < 0
    ),
    "chunks are equal": lambda op, x, values, _torch: (
        op.name == "chunk" and x.channels % values["chunks"] > 0
    ),
    "heads have equal parts": lambda op, x, values, _torch: (
        op.name == "relative_attention" and x.channels % values["head_dim"] > 0
    ),
    "a crop is not larger": lambda op, x, values, _torch: (
        op.name == "crop" and (values["height"] > x[1] or values["width"] > x[2])
    ),
    "windows are squares": lambda op, x, _values, _torch: (
        op.name == "relative_attention" and isqrt(x[1]) ** 2 < x[1]
    ),
    "a shift stays in the window": lambda _op, _x, values, _torch: (
        values.get("window", 1) <= values.get("shift", 0)
    ),
    "a window has several positions": lambda op, _x, values, _torch: (
        op.name == "window_attention_v2" and values["window"] == 1
    ),
    "a padding is one number, or one for each side": lambda op, x, values, _torch: (
        op.name == "pad" and len(parts(values["padding"])) not in (1, 2 * len(x) - 2)
    ),
    "a tuple of sides has all of them": lambda op, _x, values, _torch: (
        op.name == "pad"
        and type(values["padding"]) is tuple
        and len(values["padding"]) == 1
    ),
    "only zeros have a value": lambda op, _x, values, _torch: (
        op.name == "pad" and values["mode"] != "zeros" and values["value"]
    ),
    "axes count from the batch, forwards": lambda _op, _x, values, _torch: (
        values.get("dim", 1) < 1 or min(values.get("dims", (0,))) < 0
    ),
}


def parts(value: Any) -> tuple[Any, ...]:
    return value if type(value) is tuple else (value,)


def archspec_facts(op: Op, x: Shape, values: dict[str, Any]) -> Facts | None:
    """What archspec says; None where it rejects."""
    accepted = all(p.type.accepts(values[p.name]) for p in op.parameters)
    if not accepted or not accepts(op.takes, x.axes):
        return None
    try:
        y = op.shape(x, **values)
    except ShapeError:
        return None
    counts = {weight.name: weight.count(x, y, **values) for weight in op.weights}
    weights = {name: count for name, count in counts.items() if count}
    assert op.count_parameters(x, y, **values) == sum(weights.values())
    return Facts(y, weights, op.macs(x, y, **values))


@pytest.mark.parametrize("name", ALONE)
def test_agrees_with_torch(name: str) -> None:
    """An op without arguments for it in `arguments.py` fails here."""
    op = OPS[name]

    @settings(
        max_examples=EXAMPLES.get(op.family, 25),
        deadline=None,
        suppress_health_check=[HealthCheck.too_slow],
    )
    @given(cases(op))
    def check(case: tuple[Shape, dict[str, Any]]) -> None:
        x, values = case
        ours = archspec_facts(op, x, values)
        torch = facts(op, x, values)
        if ours is None and torch is not None:
            assert any(holds(op, x, values, torch) for holds in STRICTER.values())
        else:
            assert ours == torch

    check()
