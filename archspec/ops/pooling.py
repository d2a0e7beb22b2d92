"""Pooling and resampling: the ops that change the size of an image."""

from __future__ import annotations

from math import prod
from typing import Any

from archspec.ir.graph import Shape
from archspec.ir.symbolic import as_symbolic
from archspec.ops.op import Family, Op, SavedTensors
from archspec.ops.shapes import ShapeError, pair
from archspec.ops.torch_call import Attributes, TorchCall, plain_call, written_as
from archspec.signatures.argument_types import BOOLEAN, PADDING, SIZE, one_of
from archspec.signatures.signature import Like, Parameter, Signature

Size = int | tuple[int, int]


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
    arguments = (kernel_size, stride, padding, dilation)
    for size, k, s, p, d in zip(x[1:], *map(pair, arguments), strict=True):
        if p > k // 2:  # torch ignores the dilation here
            raise ShapeError(
                "invalid-argument",
                f"padding may be at most half of the kernel {k}, found {p}",
                "padding",
            )
        sizes.append(pooled(size, k, s, p, d, ceil=ceil_mode))
    if min(sizes) < 1:
        height, width = pair(kernel_size)
        raise ShapeError(
            "empty-output",
            f"a {height}x{width} window does not fit into {x[1]}x{x[2]}",
            "kernel_size",
            "pool less before, or start from a larger input",
        )
    return (x[0], *sizes)


def adaptive_shape(x: Shape, *, output_size: Size) -> Shape:
    """(C, H, W) -> (C, *output_size)."""
    return (x[0], *pair(output_size))


def global_shape(x: Shape) -> Shape:
    """(C, H, W) -> (C, 1, 1)."""
    return (x[0], 1, 1)


def upsample_shape(x: Shape, *, scale_factor: Size, **_: Any) -> Shape:
    """(C, H, W) -> (C, H * factor, W * factor)."""
    height, width = pair(scale_factor)
    return (x[0], x[1] * height, x[2] * width)


def _indices(batch: int, _x: Shape, y: Shape, **_: Any) -> int:
    """Count the index of each largest value, in 64 bits."""
    return 8 * batch * prod(y)


INPUT_AND_INDICES = SavedTensors(input=True, extra_bytes=_indices)


def _global_pool(kind: str, about: str, saves: SavedTensors) -> Op:
    def call(_op: Signature, _x: Shape, _attributes: Attributes) -> TorchCall:
        return TorchCall(f"nn.Adaptive{kind}Pool2d", (as_symbolic(1),))

    return Op(
        name=f"global_{kind.lower()}pool",
        about=about,
        family=Family.POOLING,
        ranks=(3,),
        shape=global_shape,
        saved_for_backward=saves,
        torch=call,
    )


def _upsample(op: Signature, _x: Shape, attributes: Attributes) -> TorchCall:
    call = plain_call(op, "nn.Upsample", attributes)
    return call._replace(args=(), kwargs={"scale_factor": call.args[0], **call.kwargs})


KERNEL = Parameter("kernel_size", SIZE, short="k", positional=True)
STRIDE = Parameter("stride", SIZE, Like("kernel_size", "k"), short="s")
PAD = Parameter("padding", PADDING, 0, short="p")
CEIL = Parameter("ceil_mode", BOOLEAN, default=False, short="ceil")
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
        ranks=(3,),
        shape=pool_shape,
        saved_for_backward=INPUT_AND_INDICES,
        torch=written_as("nn.MaxPool2d"),
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
        ranks=(3,),
        shape=pool_shape,
        saved_for_backward=SavedTensors(input=True),
        torch=written_as("nn.AvgPool2d"),
    ),
    Op(
        name="adaptive_avgpool",
        about="mean over windows chosen so that the output has the given size",
        family=Family.POOLING,
        parameters=(OUTPUT_SIZE,),
        ranks=(3,),
        shape=adaptive_shape,
        saved_for_backward=SavedTensors(input=True),
        torch=written_as("nn.AdaptiveAvgPool2d"),
    ),
    Op(
        name="adaptive_maxpool",
        about="largest value over windows chosen so that the output has the given size",
        family=Family.POOLING,
        parameters=(OUTPUT_SIZE,),
        ranks=(3,),
        shape=adaptive_shape,
        saved_for_backward=INPUT_AND_INDICES,
        torch=written_as("nn.AdaptiveMaxPool2d"),
    ),
    _global_pool("Avg", "mean of each channel; the output is 1x1", SavedTensors()),
    _global_pool(
        "Max", "largest value of each channel; the output is 1x1", INPUT_AND_INDICES
    ),
    Op(
        name="upsample",
        about="enlarge an image by an integer factor",
        family=Family.POOLING,
        parameters=(
            Parameter("scale_factor", SIZE, positional=True),
            Parameter("mode", one_of("nearest", "bilinear", "bicubic"), "nearest"),
        ),
        ranks=(3,),
        shape=upsample_shape,
        saved_for_backward=SavedTensors(),
        torch=_upsample,
    ),
)
