"""Convolutions and linear layers: the ops with multiply-accumulates."""

from __future__ import annotations

from math import gcd, prod
from typing import Any

from archspec.diagnostics.diagnostic import Replacement
from archspec.ir.shape import Shape
from archspec.ops.axes import FEATURES, SPATIAL
from archspec.ops.op import CountRule, Family, Op, OpWeight, SavedTensors, WeightInit
from archspec.ops.shapes import ShapeError, Size, by, divisors, spread, windows
from archspec.ops.torch_call import written_as
from archspec.signatures.argument_types import (
    BOOLEAN,
    CONV_PADDING,
    COUNT,
    PADDING,
    SIZE,
    one_of,
)
from archspec.signatures.signature import Parameter


def _check_groups(in_channels: int, out_channels: int, groups: int) -> None:
    for what, count in (("input", in_channels), ("output", out_channels)):
        if count % groups:
            raise ShapeError(
                "indivisible-groups",
                f"`g` must divide the {count} {what} channels, found {groups}",
                "groups",
                _divisors(in_channels, out_channels),
            )


def _divisors(first: int, second: int) -> str:
    both = divisors(gcd(first, second))
    if both == [1]:
        return "only 1 divides both"
    shown = both if len(both) < 8 else [*both[:6], "...", both[-1]]
    return f"{', '.join(str(g) for g in shown)} divide both"


def _as_numbers(x: Shape, kernel_size: Size, dilation: Size) -> Replacement:
    """Help with the padding in numbers that `same` stands for without a stride."""
    along = windows(x, kernel_size=kernel_size, dilation=dilation)
    sides = tuple(d * (k - 1) // 2 for _, k, d in along)
    text = str(sides if len({*sides}) > 1 else sides[0])
    return Replacement(f"give `p` as a number: `p={text}`", text)


def _check_padding_mode(x: Shape, padding: tuple[int, ...], mode: str) -> None:
    """Check that the input has the values that pad it: all but `zeros` copy them."""
    short = {"reflect": 1, "circular": 0}.get(mode)
    for size, most in zip(x.spatial, padding, strict=True):
        if short is not None and most > size - short:
            raise ShapeError(
                "invalid-argument",
                f"`{mode}` pads by at most {size - short} here, found {most}",
                "padding",
            )


def conv_shape(
    x: Shape,
    *,
    out_channels: int,
    kernel_size: Size,
    stride: Size,
    padding: Size | str,
    dilation: Size,
    groups: int,
    padding_mode: str = "zeros",
    **_: Any,
) -> Shape:
    """(C, H, W) -> (out_channels, H', W'), and likewise over one or three axes.

    H' = (H + 2 padding - dilation (kernel - 1) - 1) // stride + 1, and W' likewise.
    """
    _check_groups(x.channels, out_channels, groups)
    if padding == "same":
        spread(kernel_size, x, "kernel_size")
        spread(dilation, x, "dilation")
        if set(spread(stride, x, "stride")) != {1}:
            raise ShapeError(
                "invalid-argument",
                f"`p=same` needs stride 1, found {stride}",
                "padding",
                _as_numbers(x, kernel_size, dilation),
            )
        added = (
            -(-d * (k - 1) // 2)
            for _, k, d in windows(x, kernel_size=kernel_size, dilation=dilation)
        )
        _check_padding_mode(x, tuple(added), padding_mode)
        return x.with_channels(out_channels)
    assert not isinstance(padding, str)
    _check_padding_mode(x, spread(padding, x, "padding"), padding_mode)
    along = windows(
        x, kernel_size=kernel_size, stride=stride, padding=padding, dilation=dilation
    )
    sizes = [(size + 2 * p - d * (k - 1) - 1) // s + 1 for size, k, s, p, d in along]
    if min(sizes) < 1:
        padded = by(spread(padding, x, "padding"))
        raise ShapeError(
            "empty-output",
            f"a {by(spread(kernel_size, x, 'kernel_size'))} kernel does not fit into "
            + by(x.spatial)
            + (f" padded by {padded}" if padding else ""),
            "kernel_size",
            "make the kernel smaller, pad with `p`, or shrink the input less before",
        )
    return x.with_spatial(sizes).with_channels(out_channels)


def _kernel_numbers(kernel_size: Size, x: Shape) -> int:
    return prod(spread(kernel_size, x, "kernel_size"))


def conv_weight(x: Shape, y: Shape, *, kernel_size: Size, groups: int, **_: Any) -> int:
    """Count (out_channels, in_channels / groups, kernel height, kernel width)."""
    return y[0] * (x[0] // groups) * _kernel_numbers(kernel_size, x)


def conv_bias(_x: Shape, y: Shape, *, bias: bool, **_: Any) -> int:
    """Count one number per output channel."""
    return bias * y[0]


def conv_macs(x: Shape, y: Shape, *, kernel_size: Size, groups: int, **_: Any) -> int:
    """Count the kernel once per output position, without adding the bias."""
    return prod(y) * (x[0] // groups) * _kernel_numbers(kernel_size, x)


def transposed_shape(
    x: Shape,
    *,
    out_channels: int,
    kernel_size: Size,
    stride: Size,
    padding: Size,
    output_padding: Size,
    dilation: Size,
    groups: int,
    **_: Any,
) -> Shape:
    """(C, H, W) -> (out_channels, H', W'), and likewise over one or three axes.

    H' = (H - 1) stride - 2 padding + dilation (kernel - 1) + output_padding + 1, and W'
    likewise.
    """
    _check_groups(x.channels, out_channels, groups)
    sizes = []
    for size, k, s, p, extra, d in windows(
        x,
        kernel_size=kernel_size,
        stride=stride,
        padding=padding,
        output_padding=output_padding,
        dilation=dilation,
    ):
        if extra >= max(s, d):
            raise ShapeError(
                "invalid-argument",
                f"`output_padding` must be less than the stride or dilation, found {extra}",
                "output_padding",
            )
        sizes.append((size - 1) * s - 2 * p + d * (k - 1) + extra + 1)
    if min(sizes) < 1:
        raise ShapeError(
            "empty-output",
            f"padding {by(spread(padding, x, 'padding'))} leaves an empty output",
            "padding",
            "pad less",
        )
    return x.with_spatial(sizes).with_channels(out_channels)


def transposed_weight(
    x: Shape, y: Shape, *, kernel_size: Size, groups: int, **_: Any
) -> int:
    """Count (in_channels, out_channels / groups, kernel height, kernel width)."""
    return x[0] * (y[0] // groups) * _kernel_numbers(kernel_size, x)


def transposed_macs(
    x: Shape, y: Shape, *, kernel_size: Size, groups: int, **_: Any
) -> int:
    """Count the kernel once per input position."""
    return prod(x) * (y[0] // groups) * _kernel_numbers(kernel_size, x)


def linear_shape(x: Shape, *, out_features: int, **_: Any) -> Shape:
    """(features) -> (out_features), for each token: (L, C) -> (L, out_features)."""
    return x.with_channels(out_features)


def linear_weight(x: Shape, y: Shape, **_: Any) -> int:
    """Count (out_features, in_features)."""
    return x[-1] * y[-1]


def linear_bias(_x: Shape, y: Shape, *, bias: bool, **_: Any) -> int:
    """Count one number per output feature."""
    return bias * y[-1]


def linear_macs(x: Shape, y: Shape, **_: Any) -> int:
    """Count every pair of an input and an output feature, for each token."""
    return prod(x) * y[-1]


def drawn_weight_and_zero_bias(
    weight: CountRule, bias: CountRule
) -> tuple[OpWeight, ...]:
    """Return the two weights of an op that multiplies; the bias is optional."""
    return (
        OpWeight("weight", weight, WeightInit.DRAWN),
        OpWeight("bias", bias, WeightInit.ZEROED),
    )


OUT_CHANNELS = Parameter("out_channels", COUNT, positional=True)
KERNEL = Parameter("kernel_size", SIZE, short="k")
STRIDE = Parameter("stride", SIZE, 1, short="s")
DILATION = Parameter("dilation", SIZE, 1, short="d")
GROUPS = Parameter("groups", COUNT, 1, short="g")
BIAS = Parameter("bias", BOOLEAN, default=True)

OPS = (
    Op(
        name="conv",
        about="convolution; `g` groups channels, `d` dilates, `p=same` keeps the size",
        family=Family.CONVOLUTION,
        parameters=(
            OUT_CHANNELS,
            KERNEL,
            STRIDE,
            Parameter("padding", CONV_PADDING, 0, short="p"),
            DILATION,
            GROUPS,
            BIAS,
            Parameter(
                "padding_mode",
                one_of("zeros", "reflect", "replicate", "circular"),
                "zeros",
            ),
        ),
        takes=SPATIAL,
        shape=conv_shape,
        weights=drawn_weight_and_zero_bias(conv_weight, conv_bias),
        macs=conv_macs,
        saved_for_backward=SavedTensors(input=True),
        torch=written_as("nn.Conv{n}d", channels_first=True),
    ),
    Op(
        name="conv_transpose",
        about="transposed convolution, which enlarges by its stride",
        family=Family.CONVOLUTION,
        parameters=(
            OUT_CHANNELS,
            KERNEL,
            STRIDE,
            Parameter("padding", PADDING, 0, short="p"),
            Parameter("output_padding", PADDING, 0),
            DILATION,
            GROUPS,
            BIAS,
        ),
        takes=SPATIAL,
        shape=transposed_shape,
        weights=drawn_weight_and_zero_bias(transposed_weight, conv_bias),
        macs=transposed_macs,
        saved_for_backward=SavedTensors(input=True),
        torch=written_as("nn.ConvTranspose{n}d", channels_first=True),
    ),
    Op(
        name="linear",
        about="fully connected layer over the features, of each token if there are tokens",
        family=Family.LINEAR,
        parameters=(Parameter("out_features", COUNT, positional=True), BIAS),
        takes=FEATURES,
        shape=linear_shape,
        weights=drawn_weight_and_zero_bias(linear_weight, linear_bias),
        macs=linear_macs,
        saved_for_backward=SavedTensors(input=True),
        torch=written_as("nn.Linear", channels_first=True),
    ),
)
