"""Convolutions and linear layers: the ops with multiply-accumulates."""

from __future__ import annotations

from math import gcd, isqrt, prod
from typing import Any

from archspec.ir.graph import Shape
from archspec.ops.op import CountRule, Family, Op, OpWeight, SavedTensors, WeightInit
from archspec.ops.shapes import ShapeError, pair
from archspec.ops.torch_call import written_as
from archspec.signatures.argument_types import (
    BOOLEAN,
    CONV_PADDING,
    COUNT,
    PADDING,
    SIZE,
)
from archspec.signatures.signature import Parameter

Size = int | tuple[int, int]


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
    common = gcd(first, second)
    low = [g for g in range(1, isqrt(common) + 1) if common % g == 0]
    both = sorted({*low, *(common // g for g in low)})
    if both == [1]:
        return "only 1 divides both"
    shown = both if len(both) < 8 else [*both[:6], "...", both[-1]]
    return f"{', '.join(str(g) for g in shown)} divide both"


def conv_shape(
    x: Shape,
    *,
    out_channels: int,
    kernel_size: Size,
    stride: Size,
    padding: Size | str,
    dilation: Size,
    groups: int,
    **_: Any,
) -> Shape:
    """(C, H, W) -> (out_channels, H', W').

    H' = (H + 2 padding - dilation (kernel - 1) - 1) // stride + 1, and W' likewise.
    """
    _check_groups(x[0], out_channels, groups)
    if padding == "same":
        if pair(stride) != (1, 1):
            raise ShapeError(
                "invalid-argument",
                f"`p=same` needs stride 1, found {stride}",
                "padding",
                "give `p` as a number: `p=1` for a 3x3 kernel",
            )
        return (out_channels, x[1], x[2])
    assert not isinstance(padding, str)
    sizes = zip(
        x[1:],
        pair(kernel_size),
        pair(stride),
        pair(padding),
        pair(dilation),
        strict=True,
    )
    height, width = (
        (size + 2 * p - d * (k - 1) - 1) // s + 1 for size, k, s, p, d in sizes
    )
    if height < 1 or width < 1:
        raise ShapeError(
            "empty-output",
            f"a {_by(kernel_size)} kernel does not fit into {x[1]}x{x[2]}"
            + (f" padded by {_by(padding)}" if padding else ""),
            "kernel_size",
            "make the kernel smaller, pad with `p`, or shrink the input less before",
        )
    return (out_channels, height, width)


def _by(size: Size) -> str:
    height, width = pair(size)
    return f"{height}x{width}"


def conv_weight(x: Shape, y: Shape, *, kernel_size: Size, groups: int, **_: Any) -> int:
    """Count (out_channels, in_channels / groups, kernel height, kernel width)."""
    return y[0] * (x[0] // groups) * prod(pair(kernel_size))


def conv_bias(_x: Shape, y: Shape, *, bias: bool, **_: Any) -> int:
    """Count one number per output channel."""
    return bias * y[0]


def conv_macs(x: Shape, y: Shape, *, kernel_size: Size, groups: int, **_: Any) -> int:
    """Count the kernel once per output position, without adding the bias."""
    return prod(y) * (x[0] // groups) * prod(pair(kernel_size))


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
    """(C, H, W) -> (out_channels, H', W').

    H' = (H - 1) stride - 2 padding + dilation (kernel - 1) + output_padding + 1, and W'
    likewise.
    """
    _check_groups(x[0], out_channels, groups)
    arguments = (kernel_size, stride, padding, output_padding, dilation)
    sizes = []
    for size, k, s, p, extra, d in zip(x[1:], *map(pair, arguments), strict=True):
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
            f"padding {_by(padding)} leaves nothing of the output",
            "padding",
            "pad less",
        )
    return (out_channels, *sizes)


def transposed_weight(
    x: Shape, y: Shape, *, kernel_size: Size, groups: int, **_: Any
) -> int:
    """Count (in_channels, out_channels / groups, kernel height, kernel width)."""
    return x[0] * (y[0] // groups) * prod(pair(kernel_size))


def transposed_macs(
    x: Shape, y: Shape, *, kernel_size: Size, groups: int, **_: Any
) -> int:
    """Count the kernel once per input position."""
    return prod(x) * (y[0] // groups) * prod(pair(kernel_size))


def linear_shape(x: Shape, *, out_features: int, **_: Any) -> Shape:
    """(features) -> (out_features), for each token: (L, C) -> (L, out_features)."""
    return (*x[:-1], out_features)


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
        about="2-D convolution; `g` groups channels, `d` dilates, `p=same` keeps the size",
        family=Family.CONVOLUTION,
        parameters=(
            OUT_CHANNELS,
            KERNEL,
            STRIDE,
            Parameter("padding", CONV_PADDING, 0, short="p"),
            DILATION,
            GROUPS,
            BIAS,
        ),
        ranks=(3,),
        shape=conv_shape,
        weights=drawn_weight_and_zero_bias(conv_weight, conv_bias),
        macs=conv_macs,
        saved_for_backward=SavedTensors(input=True),
        torch=written_as("nn.Conv2d", channels_first=True),
    ),
    Op(
        name="conv_transpose",
        about="2-D transposed convolution, which enlarges by its stride",
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
        ranks=(3,),
        shape=transposed_shape,
        weights=drawn_weight_and_zero_bias(transposed_weight, conv_bias),
        macs=transposed_macs,
        saved_for_backward=SavedTensors(input=True),
        torch=written_as("nn.ConvTranspose2d", channels_first=True),
    ),
    Op(
        name="linear",
        about="fully connected layer over the features, or over each token's",
        family=Family.LINEAR,
        parameters=(Parameter("out_features", COUNT, positional=True), BIAS),
        ranks=(1, 2),
        shape=linear_shape,
        weights=drawn_weight_and_zero_bias(linear_weight, linear_bias),
        macs=linear_macs,
        saved_for_backward=SavedTensors(input=True),
        torch=written_as("nn.Linear", channels_first=True),
    ),
)
