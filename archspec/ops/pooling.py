"""Pooling and resampling: the ops that change the size of an image."""

from __future__ import annotations

from math import prod
from typing import Any

from archspec.ir.shape import Shape
from archspec.ir.symbolic import as_symbolic
from archspec.ops.axes import SPATIAL
from archspec.ops.op import Family, Op, SavedTensors
from archspec.ops.shapes import ShapeError, Size, by, spread, windows
from archspec.ops.torch_call import (
    Attributes,
    TorchCall,
    of_axes,
    plain_call,
    written_as,
)
from archspec.signatures.argument_types import BOOLEAN, PADDING, SCALE, SIZE, one_of
from archspec.signatures.signature import Like, Parameter, Signature

Scale = float | tuple[float, ...]


def pooled(size: int, k: int, s: int, p: int, d: int, *, ceil: bool) -> int:
    """Count the windows along an axis.

    With `ceil`, a last one is partial: it starts in the input and ends outside.
    """
    span = size + 2 * p - d * (k - 1) - 1
    if not ceil:
        return span // s + 1
    windows = -(-span // s) + 1
    starts_outside = (windows - 1) * s >= size + p
    return windows - 1 if starts_outside else windows


def pool_shape(
    x: Shape,
    *,
    kernel_size: Size,
    stride: Size,
    padding: Size,
    dilation: Size = 1,
    ceil_mode: bool,
    **_: Any,
) -> Shape:
    """(C, H, W) -> (C, H', W').

    H' = (H + 2 padding - dilation (kernel - 1) - 1) / stride + 1, rounded down, or up
    with `ceil_mode`. W' likewise.
    """
    sizes = []
    for size, k, s, p, d in windows(
        x, kernel_size=kernel_size, stride=stride, padding=padding, dilation=dilation
    ):
        if p > k // 2:  # torch ignores the dilation here
            raise ShapeError(
                "invalid-argument",
                f"padding may be at most half of the kernel {k}, found {p}",
                "padding",
            )
        sizes.append(pooled(size, k, s, p, d, ceil=ceil_mode))
    if min(sizes) < 1:
        window = by(spread(kernel_size, x, "kernel_size"))
        raise ShapeError(
            "empty-output",
            f"a {window} window does not fit into {by(x.spatial)}",
            "kernel_size",
            "pool less before, or start from a larger input",
        )
    return x.with_spatial(sizes)


def average_shape(x: Shape, *, kernel_size: Size, **values: Any) -> Shape:
    """Take the shape of any pooling; torch averages no window larger than a volume."""
    y = pool_shape(x, kernel_size=kernel_size, **values)
    if len(x) == len("CDHW"):
        for size, k in windows(x, kernel_size=kernel_size):
            if k > size:
                raise ShapeError(
                    "invalid-argument",
                    f"the window may not be larger than the volume, {size}, found {k}",
                    "kernel_size",
                )
    return y


def adaptive_shape(x: Shape, *, output_size: Size) -> Shape:
    """(C, H, W) -> (C, *output_size)."""
    return x.with_spatial(spread(output_size, x, "output_size"))


def global_shape(x: Shape) -> Shape:
    """(C, H, W) -> (C, 1, 1)."""
    return x.with_spatial([1] * len(x.spatial))


def check_mode(x: Shape, mode: str, *, align_corners: bool) -> None:
    """Check that torch has a mode for as many axes."""
    fitting = MODES[len(x) - 1]
    if mode not in fitting:
        listed = ", ".join(f"`{each}`" for each in fitting)
        raise ShapeError(
            "invalid-argument",
            f"`mode` expects one of {listed} for a {len(x) - 1}D input, found `{mode}`",
            "mode",
        )
    if align_corners and mode == "nearest":
        raise ShapeError(
            "invalid-argument",
            "`nearest` aligns no corners",
            "align_corners",
            f"add `mode={fitting[1]}`",
        )


def upsample_shape(
    x: Shape, *, scale_factor: Scale, mode: str, align_corners: bool
) -> Shape:
    """(C, H, W) -> (C, H * factor, W * factor), rounded down."""
    check_mode(x, mode, align_corners=align_corners)
    factors = spread(scale_factor, x, "scale_factor")
    sizes = [int(size * f) for size, f in zip(x.spatial, factors, strict=True)]
    if min(sizes) < 1:
        raise ShapeError("empty-output", "the output is empty", "scale_factor")
    return x.with_spatial(sizes)


def _indices(batch: int, _x: Shape, y: Shape, **_: Any) -> int:
    """Count the index of each largest value, in 64 bits."""
    return 8 * batch * prod(y)


MODES = {
    1: ("nearest", "linear"),
    2: ("nearest", "bilinear", "bicubic"),
    3: ("nearest", "trilinear"),
}  # by the number of axes
INPUT_AND_INDICES = SavedTensors(input=True, extra_bytes=_indices)


def _global_pool(kind: str, about: str, saves: SavedTensors) -> Op:
    def call(_op: Signature, x: Shape, _attributes: Attributes) -> TorchCall:
        name = of_axes(f"nn.Adaptive{kind}Pool{{n}}d", x)
        return TorchCall(name, (as_symbolic(1),))

    return Op(
        name=f"global_{kind.lower()}pool",
        about=about,
        family=Family.POOLING,
        takes=SPATIAL,
        shape=global_shape,
        saved_for_backward=saves,
        torch=call,
    )


def _upsample(op: Signature, _x: Shape, attributes: Attributes) -> TorchCall:
    call = plain_call(op, "nn.Upsample", attributes)
    kwargs = {"scale_factor": call.args[0], **call.kwargs}
    if attributes["mode"].value == "nearest":  # which torch takes no such word with
        del kwargs["align_corners"]
    return call._replace(args=(), kwargs=kwargs)


KERNEL = Parameter("kernel_size", SIZE, short="k", positional=True)
STRIDE = Parameter("stride", SIZE, Like("kernel_size", "k"), short="s")
PAD = Parameter("padding", PADDING, 0, short="p")
CEIL = Parameter("ceil_mode", BOOLEAN, default=False, short="ceil")
INTERPOLATION = one_of("nearest", "linear", "bilinear", "bicubic", "trilinear")
ALIGN_CORNERS = Parameter("align_corners", BOOLEAN, default=False)
OUTPUT_SIZE = Parameter("output_size", SIZE, positional=True)

OPS = (
    Op(
        name="maxpool",
        about="largest value in each window; `ceil` keeps a last partial window",
        family=Family.POOLING,
        parameters=(
            KERNEL,
            STRIDE,
            PAD,
            Parameter("dilation", SIZE, 1, short="d"),
            CEIL,
        ),
        takes=SPATIAL,
        shape=pool_shape,
        saved_for_backward=INPUT_AND_INDICES,
        torch=written_as("nn.MaxPool{n}d"),
    ),
    Op(
        name="avgpool",
        about="mean of each window; `ceil` keeps a last partial window",
        family=Family.POOLING,
        parameters=(
            KERNEL,
            STRIDE,
            PAD,
            CEIL,
            Parameter("count_include_pad", BOOLEAN, default=True),
        ),
        takes=SPATIAL,
        shape=average_shape,
        saved_for_backward=SavedTensors(input=True),
        torch=written_as("nn.AvgPool{n}d"),
    ),
    Op(
        name="adaptive_avgpool",
        about="mean over windows chosen so that the output has the given size",
        family=Family.POOLING,
        parameters=(OUTPUT_SIZE,),
        takes=SPATIAL,
        shape=adaptive_shape,
        saved_for_backward=SavedTensors(input=True),
        torch=written_as("nn.AdaptiveAvgPool{n}d"),
    ),
    Op(
        name="adaptive_maxpool",
        about="largest value over windows chosen so that the output has the given size",
        family=Family.POOLING,
        parameters=(OUTPUT_SIZE,),
        takes=SPATIAL,
        shape=adaptive_shape,
        saved_for_backward=INPUT_AND_INDICES,
        torch=written_as("nn.AdaptiveMaxPool{n}d"),
    ),
    _global_pool("Avg", "mean of each channel; the output is 1x1", SavedTensors()),
    _global_pool(
        "Max", "largest value of each channel; the output is 1x1", INPUT_AND_INDICES
    ),
    Op(
        name="upsample",
        about="enlarge an image by a factor",
        family=Family.SHAPE,
        parameters=(
            Parameter("scale_factor", SCALE, positional=True),
            Parameter("mode", INTERPOLATION, "nearest"),
            ALIGN_CORNERS,
        ),
        takes=SPATIAL,
        shape=upsample_shape,
        saved_for_backward=SavedTensors(),
        torch=_upsample,
    ),
)
