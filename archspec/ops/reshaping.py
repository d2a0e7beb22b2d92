"""Reshaping: flatten, reorder, average or pad axes. Also `identity` and `affine`."""

from __future__ import annotations

from math import prod
from typing import Any

from archspec.diagnostics.diagnostic import Replacement
from archspec.ir.shape import Shape
from archspec.ir.symbolic import as_symbolic
from archspec.ops.axes import IMAGE, SPATIAL, TOKENS
from archspec.ops.op import Family, Op, SavedTensors
from archspec.ops.shapes import ShapeError
from archspec.ops.torch_call import (
    Attributes,
    TensorMethod,
    TorchCall,
    as_method,
    plain_call,
    together,
    written_as,
)
from archspec.signatures.argument_types import AXES, AXIS, COUNT, NUMBERS
from archspec.signatures.signature import Parameter, Signature

Numbers = float | tuple[float, ...]


def flatten_shape(x: Shape) -> Shape:
    """(C, H, W) -> (C * H * W)."""
    return Shape((prod(x),), "C")


def tokens_shape(x: Shape) -> Shape:
    """(C, H, W) -> (H * W, C): each position is a token."""
    return Shape((prod(x.spatial), x.channels), "LC")


def permute_shape(x: Shape, *, dims: tuple[int, ...]) -> Shape:
    """(C, H, W) -> (H, W, C) with `dims=(0, 2, 3, 1)`; axis 0 is the batch."""
    axes = tuple(range(len(x) + 1))
    if tuple(sorted(dims)) != axes or dims[0] != 0:
        shown = ", ".join(str(axis) for axis in axes)
        raise ShapeError(
            "invalid-argument",
            f"expected the axes {shown} in another order, 0 (the batch) first, "
            f"found {', '.join(str(axis) for axis in dims)}",
            "dims",
        )
    return x.reordered(axis - 1 for axis in dims[1:])


def transpose_shape(x: Shape) -> Shape:
    """(L, C) -> (C, L), as tokens again: the features are tokens, the tokens features."""
    return Shape(x[::-1], x.axes)


def mean_shape(x: Shape, *, dim: int) -> Shape:
    """(L, C) -> (C) with `dim=1`; axis 0 is the batch."""
    if dim <= len(x) and x.axes[dim - 1] == "C" != x.axes:
        others = [str(n) for n, axis in enumerate(x.axes, 1) if axis != "C"]
        raise ShapeError(
            "invalid-argument",
            f"axis {dim} has the channels: expected {' or '.join(others)}",
            "dim",
            [Replacement(f"write `{other}`", other) for other in others],
        )
    if dim > len(x) or len(x) == 1:
        raise ShapeError(
            "invalid-argument",
            f"the input has the axes 1 to {len(x)}, found {dim}"
            if len(x) > 1
            else "a vector has no axis to spare",
            "dim",
        )
    return x.without(dim - 1)


def pad_channels_shape(x: Shape, *, out_channels: int) -> Shape:
    """(C, H, W) -> (out_channels, H, W), with at least C channels."""
    if out_channels < x.channels:
        raise ShapeError(
            "invalid-argument",
            f"`pad_channels` adds channels: expected {x.channels} or more, "
            f"found {out_channels}",
            "out_channels",
        )
    return x.with_channels(out_channels)


TOKENS_CLASS = '''
class Tokens(nn.Module):
    """Each position of an image is a token.

    Shape:
        [N, C, H, W] -> [N, H * W, C]
    """

    def forward(self, x: Tensor) -> Tensor:
        return x.flatten(2).transpose(1, 2)
'''

PERMUTE = '''
class Permute(nn.Module):
    """The axes in another order; axis 0 is the batch.

    Shape:
        [N, ...] -> [N, ...]
    """

    def __init__(self, dims: tuple[int, ...]) -> None:
        super().__init__()
        self.dims = dims

    def forward(self, x: Tensor) -> Tensor:
        return x.permute(self.dims)
'''

TRANSPOSE = '''
class Transpose(nn.Module):
    """Each feature becomes a token.

    Shape:
        [N, L, C] -> [N, C, L]
    """

    def forward(self, x: Tensor) -> Tensor:
        return x.transpose(1, 2)
'''

MEAN = '''
class Mean(nn.Module):
    """The mean over one axis, which goes; axis 0 is the batch.

    Shape:
        [N, L, C] -> [N, C] with `dim=1`
    """

    def __init__(self, dim: int) -> None:
        super().__init__()
        self.dim = dim

    def forward(self, x: Tensor) -> Tensor:
        return x.mean(self.dim)
'''

PAD_CHANNELS = '''
class PadChannels(nn.Module):
    """Append channels of zeros.

    Shape:
        [N, C, H, W] -> [N, out_channels, H, W]
    """

    def __init__(self, out_channels: int) -> None:
        super().__init__()
        self.out_channels = out_channels

    def forward(self, x: Tensor) -> Tensor:
        missing = self.out_channels - x.shape[1]
        return nn.functional.pad(x, (0, 0, 0, 0, 0, missing))
'''

AFFINE = '''
class Affine(nn.Module):
    """scale * x + shift, with two constants.

    Shape:
        [N, ...] -> [N, ...]
    """

    def __init__(self, scale: float, shift: float) -> None:
        super().__init__()
        self.scale = scale
        self.shift = shift

    def forward(self, x: Tensor) -> Tensor:
        return self.scale * x + self.shift
'''


CHANNEL_AFFINE = '''
class ChannelAffine(nn.Module):
    """scale * x + shift, with constants for each channel; `after` axes follow them.

    Shape:
        [N, ..., C, ...] -> [N, ..., C, ...]
    """

    scale: Tensor
    shift: Tensor

    def __init__(
        self,
        scale: float | tuple[float, ...],
        shift: float | tuple[float, ...],
        after: int = 0,
    ) -> None:
        super().__init__()
        ones = [1] * after
        for name, numbers in (("scale", scale), ("shift", shift)):
            values = torch.tensor(numbers, dtype=torch.get_default_dtype())
            self.register_buffer(name, values.view(-1, *ones), persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        return self.scale * x + self.shift
'''


def affine_shape(x: Shape, *, scale: Numbers, shift: Numbers) -> Shape:
    """(C, H, W) -> (C, H, W)."""
    for name, numbers in (("scale", scale), ("shift", shift)):
        if isinstance(numbers, tuple) and len(numbers) != x.channels:
            raise ShapeError(
                "invalid-argument",
                f"expected one number, or one for each of {x.channels} channels, "
                f"found {len(numbers)}",
                name,
            )
    return x


def _affine(op: Signature, x: Shape, attributes: Attributes) -> TorchCall:
    if not any(isinstance(item.value, tuple) for item in attributes.values()):
        return plain_call(op, "Affine", attributes)
    call = plain_call(op, "ChannelAffine", attributes)
    after = as_symbolic(len(x) - 1 - x.channel_axis)
    return call._replace(kwargs={"after": after}, defaults={"after": 0})


def _tokens_methods(**_: Any) -> tuple[TensorMethod, ...]:
    return TensorMethod("flatten", (2,)), TensorMethod("transpose", (1, 2))


def _permute_methods(*, dims: tuple[int, ...]) -> tuple[TensorMethod, ...]:
    return (TensorMethod("permute", dims),)


def _mean_methods(*, dim: int) -> tuple[TensorMethod, ...]:
    return (TensorMethod("mean", (dim,)),)


def _permute(_op: Signature, _x: Shape, attributes: Attributes) -> TorchCall:
    axes = (as_symbolic(axis) for axis in attributes["dims"].value)
    return TorchCall("Permute", (together(*axes),))


OPS = (
    Op(
        name="flatten",
        about="merge all axes into one: an image becomes a vector of features",
        family=Family.SHAPE,
        shape=flatten_shape,
        saved_for_backward=SavedTensors(),
        view="always",
        torch=written_as("nn.Flatten"),
        methods=as_method("flatten", 1),
    ),
    Op(
        name="tokens",
        about="an image to a sequence: each position is a token of C features",
        family=Family.SHAPE,
        takes=SPATIAL,
        shape=tokens_shape,
        saved_for_backward=SavedTensors(),
        view="always",
        torch=written_as("Tokens"),
        methods=_tokens_methods,
        helper=TOKENS_CLASS,
    ),
    Op(
        name="permute",
        about="axes in another order, as `permute(0, 2, 1)`; axis 0 is the batch",
        family=Family.SHAPE,
        parameters=(Parameter("dims", AXES, positional=True, variadic=True),),
        shape=permute_shape,
        saved_for_backward=SavedTensors(),
        view="always",
        torch=_permute,
        methods=_permute_methods,
        helper=PERMUTE,
    ),
    Op(
        name="transpose",
        about="tokens to features and features to tokens, as in MLP-Mixer",
        family=Family.SHAPE,
        takes=TOKENS,
        shape=transpose_shape,
        saved_for_backward=SavedTensors(),
        view="always",
        torch=written_as("Transpose"),
        methods=as_method("transpose", 1, 2),
        helper=TRANSPOSE,
    ),
    Op(
        name="mean",
        about="mean over one axis, which is removed; `mean(1)` over tokens",
        family=Family.POOLING,
        parameters=(Parameter("dim", AXIS, positional=True),),
        shape=mean_shape,
        saved_for_backward=SavedTensors(),
        torch=written_as("Mean"),
        methods=_mean_methods,
        helper=MEAN,
    ),
    Op(
        name="pad_channels",
        about="channels of zeros after the others, up to `out_channels`",
        family=Family.SHAPE,
        parameters=(Parameter("out_channels", COUNT, positional=True),),
        takes=IMAGE,
        shape=pad_channels_shape,
        saved_for_backward=SavedTensors(),
        torch=written_as("PadChannels"),
        helper=PAD_CHANNELS,
    ),
    Op(
        name="identity",
        about="the input itself",
        family=Family.SHAPE,
        saved_for_backward=SavedTensors(),
        view="always",
        torch=written_as("nn.Identity"),
    ),
    Op(
        name="affine",
        about="scale x + shift, two constants, or as many as there are channels",
        family=Family.ACTIVATION,
        parameters=(
            Parameter("scale", NUMBERS, positional=True),
            Parameter("shift", NUMBERS, positional=True),
        ),
        shape=affine_shape,
        saved_for_backward=SavedTensors(),
        torch=_affine,
        helper=f"{AFFINE}\n{CHANNEL_AFFINE}",
    ),
)
