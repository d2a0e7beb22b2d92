"""Hypothesis strategies for the input and the arguments of every op.

Most arguments are good; some are what nobody should write, so that archspec and torch
have something to reject.
"""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from archspec.ir.shape import Shape
from archspec.ops.axes import ANY
from archspec.ops.op import Op
from archspec.signatures.signature import REQUIRED

Case = tuple[Shape, dict[str, Any]]

MOST = {"C": 8, "D": 5, "P": 3}  # of the sizes of an axis; 12 of the others


def shapes(axes: str) -> st.SearchStrategy[Shape]:
    """Inputs with some axes."""
    sizes = (st.integers(1, MOST.get(axis, 12)) for axis in axes)
    return st.tuples(*sizes).map(lambda found: Shape(found, axes))


SHAPES = st.sampled_from(ANY).flatmap(shapes)


def _mostly(good: st.SearchStrategy[Any], odd: st.SearchStrategy[Any]) -> Any:
    """One in ten is odd."""
    return st.integers(0, 9).flatmap(lambda n: odd if n == 9 else good)


def _size(least: int, most: int) -> Any:
    number = st.integers(least, most)
    odd = st.sampled_from([-1, 0, 1.5, True, (2, -1), (0, 2), "same"])
    return _mostly(
        st.one_of(
            number,
            number,
            st.tuples(number),
            st.tuples(number, number),
            st.tuples(number, number, number),
        ),
        odd,
    )


COUNTS = _mostly(
    st.sampled_from([1, 2, 3, 4, 6, 8]), st.sampled_from([0, -2, 2.0, True])
)
GROUPS = _mostly(st.sampled_from([1, 1, 1, 2, 3, 4]), st.sampled_from([0, -1, 1.0]))
BOOLEANS = st.booleans()
NUMBERS = _mostly(st.floats(-2, 2) | st.integers(-2, 2), st.sampled_from([True, "a"]))
RATES = _mostly(
    st.sampled_from([0, 0.0, 0.1, 0.5, 1, 1.0]), st.sampled_from([-0.1, 1.5, 2, True])
)
EPS = _mostly(st.sampled_from([1e-3, 1e-6, 1]), st.sampled_from([0, -1e-3, "x"]))

BY_NAME = {
    "kernel_size": _size(1, 6),
    "stride": _size(1, 4),
    "padding": _size(0, 3) | st.just("same"),
    "output_padding": _size(0, 3),
    "dilation": _size(1, 3),
    "groups": GROUPS,
    "bias": BOOLEANS,
    "affine": BOOLEANS,
    "ceil_mode": BOOLEANS,
    "count_include_pad": BOOLEANS,
    "out_channels": COUNTS,
    "out_features": COUNTS,
    "output_size": _size(1, 7),
    "scale_factor": _size(1, 3) | st.sampled_from([0.5, 1.5, 2.25, (0.3, 2.0)]),
    "align_corners": BOOLEANS,
    "mode": st.sampled_from(
        ["nearest", "linear", "bilinear", "bicubic", "trilinear", "cubic"]
    ),
    "approximate": st.sampled_from(["none", "tanh", "fast"]),
    "eps": EPS,
    "momentum": RATES,
    "p": RATES,
    "dim": _mostly(st.integers(1, 4), st.sampled_from([0, -1, 1.0])),
    "dims": st.permutations([0, 1, 2])
    | st.permutations([0, 1, 2, 3])
    | st.lists(st.integers(-1, 4), max_size=4),
    "negative_slope": NUMBERS,
    "init": NUMBERS,
    "alpha": _mostly(st.floats(0.1, 2), st.sampled_from([0, -1])),
    "scale": NUMBERS | st.lists(st.floats(-2, 2), min_size=1, max_size=8).map(tuple),
    "shift": NUMBERS,
    "padding_mode": st.sampled_from(
        ["zeros", "zeros", "reflect", "replicate", "circular", "wrap"]
    ),
    "num_groups": GROUPS,
    "k": st.sampled_from([1.0, 2.0]),
    "beta": st.sampled_from([0.75, 0.5]),
    "min_val": st.sampled_from([-1.0, -0.5]),
    "max_val": st.sampled_from([1.0, 0.5]),
    "size": st.integers(1, 5),
    "value": st.sampled_from([0, 0.5]),
    "height": st.integers(1, 6),
    "width": st.integers(1, 6),
    "channels": st.integers(1, 3),
    "factor": st.integers(1, 3),
    "chunks": st.integers(1, 3),
    "index": st.integers(-2, 3),
    "start": st.integers(0, 4),
    "stop": st.integers(1, 8),
    "heads": st.integers(1, 3),
    "keys": st.integers(1, 4),
    "dropout": st.just(0.0),
    "window": st.integers(1, 4),
    "head_dim": st.integers(1, 3),
    "grid": BOOLEANS,
}

SIZES = {
    "kernel_size",
    "stride",
    "padding",
    "output_padding",
    "dilation",
    "output_size",
}


_SIDES = st.integers(0, 3) | st.lists(st.integers(0, 3), min_size=1, max_size=6)
OF_OP = {
    ("pad", "padding"): _SIDES,
    ("pad", "mode"): st.sampled_from(["zeros", "reflect", "replicate"]),
    ("resize", "size"): _size(1, 7),
    ("window_attention", "shift"): st.integers(0, 3),
    ("window_attention_v2", "shift"): st.integers(0, 3),
    ("lrn", "alpha"): st.sampled_from([1e-4, 1e-2]),
}


@st.composite
def cases(draw: Any, op: Op) -> Case:
    """An input of some axes, mostly those the op takes, and arguments for it."""
    x = draw(_mostly(st.sampled_from(op.takes).flatmap(shapes), SHAPES))
    values: dict[str, Any] = {}
    for parameter in op.parameters:
        optional = parameter.default is not REQUIRED
        if not optional or draw(st.booleans()):
            own = OF_OP.get((op.name, parameter.name))
            value = draw(BY_NAME[parameter.name] if own is None else own)
            values[parameter.name] = tuple(value) if type(value) is list else value
    return x, {**values, **op.defaults(values)}
