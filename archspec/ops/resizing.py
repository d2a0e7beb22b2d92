"""Resizing: pad, crop and resample images, also to the size of another value."""

from __future__ import annotations

from math import prod
from typing import Any

from archspec.ir.shape import Shape
from archspec.ir.symbolic import Symbolic, literal
from archspec.ops.axes import IMAGE, SPATIAL
from archspec.ops.op import Family, Op, SavedTensors, ShapeRule
from archspec.ops.pooling import ALIGN_CORNERS, INTERPOLATION, check_mode
from archspec.ops.shapes import ShapeError, Size, by, bytes_of, near, spread
from archspec.ops.torch_call import Attributes, TorchCall, of_axes, written_as
from archspec.signatures.argument_types import (
    COUNT,
    LABEL,
    NUMBER,
    SIDES,
    SIZE,
    one_of,
)
from archspec.signatures.signature import Parameter, Signature

SMOOTH = {1: "linear", 2: "bilinear", 3: "trilinear"}  # by the number of axes


def _sides(padding: Size, x: Shape) -> tuple[int, ...]:
    """The padding of each side, as torch orders them: the last axis first."""
    sides = 2 * len(x.spatial)
    if isinstance(padding, int):
        return (padding,) * sides
    if len(padding) != sides:
        raise ShapeError(
            "invalid-argument",
            f"expected one number, or one for each of {sides} sides, found {len(padding)}",
            "padding",
            "the order is (left, right, top, bottom)" if sides == len("lrtb") else "",
        )
    return padding


def pad_shape(x: Shape, *, padding: Size, mode: str, value: float) -> Shape:
    """(C, H, W) -> (C, top + H + bottom, left + W + right)."""
    sides = _sides(padding, x)
    if value and mode != "zeros":
        raise ShapeError(
            "invalid-argument",
            f"`mode={mode}` takes its values from the image",
            "value",
        )
    sizes = []
    for size, before, after in zip(
        x.spatial, sides[-2::-2], sides[-1::-2], strict=True
    ):
        if mode == "reflect" and max(before, after) >= size:
            raise ShapeError(
                "invalid-argument",
                f"a reflection of {max(before, after)} needs more than {size} pixels",
                "padding",
                "pad less, or with `mode=replicate`",
            )
        sizes.append(before + size + after)
    return x.with_spatial(sizes)


def _padded(batch: int, x: Shape, _y: Shape, *, mode: str, **_: Any) -> int:
    """Count the input, unless it is padded with constants."""
    return bytes_of(batch * prod(x) * (mode != "zeros"))


def _pad(_op: Signature, x: Shape, attributes: Attributes) -> TorchCall:
    kinds = {"zeros": "Constant", "reflect": "Reflection", "replicate": "Replication"}
    mode, value = attributes["mode"].value, attributes["value"]
    args = [attributes["padding"]]
    if mode == "zeros" and value.value:
        args.append(value)
    kind = "Zero" if mode == "zeros" and not value.value else kinds[mode]
    return TorchCall(of_axes(f"nn.{kind}Pad{{n}}d", x), tuple(args))


def _smaller(x: Shape, sizes: tuple[int, ...], parameter: str) -> Shape:
    if any(new > old for new, old in zip(sizes, x.spatial, strict=True)):
        raise ShapeError(
            "invalid-argument",
            f"expected at most {by(x.spatial)}, found {by(sizes)}",
            parameter,
        )
    return x.with_spatial(sizes)


def crop_shape(x: Shape, *, height: int, width: int) -> Shape:
    """(C, H, W) -> (C, height, width)."""
    return _smaller(x, (height, width), "height" if height > x[1] else "width")


def resize_shape(x: Shape, *, size: Size, mode: str, align_corners: bool) -> Shape:
    """(C, H, W) -> (C, *size)."""
    _check_mode(x, mode, align_corners=align_corners)
    return x.with_spatial(spread(size, x, "size"))


def _check_mode(x: Shape, mode: str, *, align_corners: bool) -> None:
    """Check a mode; `bilinear`, the default, is linear along whatever axes there are."""
    is_default = mode == "bilinear"
    own = SMOOTH[len(x.spatial)] if is_default else mode
    check_mode(x, own, align_corners=align_corners)


# --- to the size of another value ---


def _same_axes(x: Shape, like: Shape) -> None:
    if x.axes != like.axes:
        raise ShapeError(
            "axes-mismatch",
            f"expected axes [{', '.join(x.axes)}] of the label, "
            f"found [{', '.join(like.axes)}]",
            "label",
        )


def pad_like_shape(x: Shape, like: Shape) -> Shape:
    """(C, H, W) -> (C, H', W'), the size of the label, which is not smaller."""
    _same_axes(x, like)
    if any(new < old for new, old in zip(like.spatial, x.spatial, strict=True)):
        raise ShapeError(
            "size-mismatch",
            f"`pad_like` enlarges: {by(x.spatial)} does not fit into {by(like.spatial)}",
            help="`crop_like` cuts, `resize_like` resamples",
        )
    return x.with_spatial(like.spatial)


def crop_like_shape(x: Shape, like: Shape) -> Shape:
    """(C, H, W) -> (C, H', W'), the size of the label, which is not larger."""
    _same_axes(x, like)
    if any(new > old for new, old in zip(like.spatial, x.spatial, strict=True)):
        raise ShapeError(
            "size-mismatch",
            f"`crop_like` cuts: {by(like.spatial)} does not fit into {by(x.spatial)}",
            help="`pad_like` adds zeros, `resize_like` resamples",
        )
    return x.with_spatial(like.spatial)


def resize_like_shape(
    x: Shape, like: Shape, *, mode: str, align_corners: bool
) -> Shape:
    """(C, H, W) -> (C, H', W'), the size of the label."""
    _same_axes(x, like)
    _check_mode(x, mode, align_corners=align_corners)
    return x.with_spatial(like.spatial)


# --- pixels and channels ---


def shuffle_shape(x: Shape, *, factor: int) -> Shape:
    """(C r r, H, W) -> (C, H r, W r)."""
    if x.channels % factor**2:
        raise ShapeError(
            "invalid-argument",
            f"the square of `r` must divide the {x.channels} channels, found {factor}",
            "factor",
            near(factor, (r for r in range(1, factor) if x.channels % r**2 == 0)),
        )
    sizes = (size * factor for size in x.spatial)
    return x.with_spatial(sizes).with_channels(x.channels // factor**2)


def unshuffle_shape(x: Shape, *, factor: int) -> Shape:
    """(C, H r, W r) -> (C r r, H, W)."""
    if any(size % factor for size in x.spatial):
        raise ShapeError(
            "invalid-argument",
            f"`r` must divide {by(x.spatial)}, found {factor}",
            "factor",
        )
    sizes = (size // factor for size in x.spatial)
    return x.with_spatial(sizes).with_channels(x.channels * factor**2)


def space_to_depth_shape(x: Shape, *, factor: int) -> Shape:
    """(C, H, W) -> (C r r, H / r, W / r), rounded up."""
    sizes = (-(-size // factor) for size in x.spatial)
    return x.with_spatial(sizes).with_channels(x.channels * factor**2)


CENTER_CROP = '''
class CenterCrop(nn.Module):
    """The middle of an image.

    Shape:
        [N, C, H, W] -> [N, C, height, width]
    """

    def __init__(self, height: int, width: int) -> None:
        super().__init__()
        self.size = height, width

    def forward(self, x: Tensor) -> Tensor:
        height, width = self.size
        x = x.narrow(2, (x.shape[2] - height) // 2, height)
        return x.narrow(3, (x.shape[3] - width) // 2, width)
'''

RESIZE = '''
class Resize(nn.Module):
    """Resample an image by interpolation.

    Shape:
        [N, C, H, W] -> [N, C, *size]
    """

    def __init__(
        self,
        size: int | tuple[int, ...],
        mode: str = "bilinear",
        align_corners: bool | None = None,
    ) -> None:
        super().__init__()
        self.size, self.mode, self.align_corners = size, mode, align_corners

    def forward(self, x: Tensor) -> Tensor:
        return nn.functional.interpolate(
            x, self.size, mode=self.mode, align_corners=self.align_corners
        )
'''

RESIZE_LIKE = '''
class ResizeLike(nn.Module):
    """Resample an image to the size of another value, by interpolation.

    Shape:
        [N, C, H, W], [N, C', H', W'] -> [N, C, H', W']
    """

    def __init__(
        self, mode: str = "bilinear", align_corners: bool | None = None
    ) -> None:
        super().__init__()
        self.mode, self.align_corners = mode, align_corners

    def forward(self, x: Tensor, like: Tensor) -> Tensor:
        return nn.functional.interpolate(
            x, like.shape[2:], mode=self.mode, align_corners=self.align_corners
        )
'''

PAD_LIKE = '''
class PadLike(nn.Module):
    """Zeros around an image, up to the size of another value.

    Shape:
        [N, C, H, W], [N, C', H', W'] -> [N, C, H', W']
    """

    def forward(self, x: Tensor, like: Tensor) -> Tensor:
        sides: list[int] = []
        for old, new in zip(x.shape[2:], like.shape[2:]):
            sides = [(new - old) // 2, new - old - (new - old) // 2, *sides]
        return nn.functional.pad(x, sides)
'''

CROP_LIKE = '''
class CropLike(nn.Module):
    """The middle of an image, of the size of another value.

    Shape:
        [N, C, H, W], [N, C', H', W'] -> [N, C, H', W']
    """

    def forward(self, x: Tensor, like: Tensor) -> Tensor:
        for axis, new in enumerate(like.shape[2:], 2):
            x = x.narrow(axis, (x.shape[axis] - new) // 2, new)
        return x
'''

SPACE_TO_DEPTH = '''
class SpaceToDepth(nn.Module):
    """The pixels of each square as channels, column by column, as in Swin.

    Shape:
        [N, C, H, W] -> [N, C * r * r, ceil(H / r), ceil(W / r)] with `factor` r
    """

    def __init__(self, factor: int, *, channels_last: bool = False) -> None:
        super().__init__()
        self.factor, self.channels_last = factor, channels_last

    def forward(self, x: Tensor) -> Tensor:
        x = x if self.channels_last else x.movedim(1, -1)
        right, below = -x.shape[2] % self.factor, -x.shape[1] % self.factor
        x = nn.functional.pad(x, (0, 0, 0, right, 0, below))
        x = torch.unflatten(x, 2, (-1, self.factor))
        x = torch.unflatten(x, 1, (-1, self.factor))
        x = x.permute(0, 1, 3, 4, 2, 5).flatten(3)
        return x if self.channels_last else x.movedim(-1, 1)
'''


def _interpolation(x: Shape, attributes: Attributes) -> dict[str, Symbolic]:
    """The keywords of `interpolate`; `nearest` takes no word on corners."""
    mode = attributes["mode"]
    if mode.value == "nearest":
        return {"mode": mode}
    if mode.value == "bilinear":
        mode = literal(SMOOTH.get(len(x.spatial), mode.value))
    return {"mode": mode, "align_corners": attributes["align_corners"]}


DEFAULTS = {"mode": "bilinear", "align_corners": False}


def _resize(_op: Signature, x: Shape, attributes: Attributes) -> TorchCall:
    kwargs = _interpolation(x, attributes)
    return TorchCall("Resize", (attributes["size"],), kwargs, DEFAULTS)


def _resize_like(_op: Signature, x: Shape, attributes: Attributes) -> TorchCall:
    return TorchCall("ResizeLike", (), _interpolation(x, attributes), DEFAULTS)


def _like(name: str) -> Any:
    def call(_op: Signature, _x: Shape, _attributes: Attributes) -> TorchCall:
        return TorchCall(name)

    return call


def _space_to_depth(_op: Signature, x: Shape, attributes: Attributes) -> TorchCall:
    last = literal(x.axes[-1] == "C")
    return TorchCall(
        "SpaceToDepth",
        (attributes["factor"],),
        {"channels_last": last},
        {"channels_last": False},
    )


LABELED = Parameter("label", LABEL, positional=True)
FACTOR = Parameter("factor", COUNT, short="r", positional=True)
SMOOTH_MODE = Parameter("mode", INTERPOLATION, "bilinear")


def _shuffle(name: str, torch: str, about: str, shape: ShapeRule) -> Op:
    return Op(
        name=name,
        about=about,
        family=Family.SHAPE,
        parameters=(FACTOR,),
        takes=IMAGE,
        shape=shape,
        saved_for_backward=SavedTensors(),
        torch=written_as(torch),
    )


OPS = (
    Op(
        name="pad",
        about="zeros around an image, or a reflection of it; `p` is one number, or each side",
        family=Family.SHAPE,
        parameters=(
            Parameter("padding", SIDES, short="p", positional=True),
            Parameter("mode", one_of("zeros", "reflect", "replicate"), "zeros"),
            Parameter("value", NUMBER, 0),
        ),
        takes=SPATIAL,
        shape=pad_shape,
        saved_for_backward=SavedTensors(extra_bytes=_padded),
        torch=_pad,
    ),
    Op(
        name="crop",
        about="the middle of an image",
        family=Family.SHAPE,
        parameters=(
            Parameter("height", COUNT, short="h", positional=True),
            Parameter("width", COUNT, short="w", positional=True),
        ),
        takes=IMAGE,
        shape=crop_shape,
        saved_for_backward=SavedTensors(),
        view="always",
        torch=written_as("CenterCrop"),
        helper=CENTER_CROP,
    ),
    Op(
        name="resize",
        about="interpolate to a size",
        family=Family.SHAPE,
        parameters=(
            Parameter("size", SIZE, positional=True),
            SMOOTH_MODE,
            ALIGN_CORNERS,
        ),
        takes=SPATIAL,
        shape=resize_shape,
        saved_for_backward=SavedTensors(),
        torch=_resize,
        helper=RESIZE,
    ),
    Op(
        name="pad_like",
        about="zeros around an image, up to the size of the output of a label",
        family=Family.SHAPE,
        parameters=(LABELED,),
        takes=SPATIAL,
        shape=pad_like_shape,
        saved_for_backward=SavedTensors(),
        torch=_like("PadLike"),
        helper=PAD_LIKE,
    ),
    Op(
        name="crop_like",
        about="the middle of an image, of the size of the output of a label",
        family=Family.SHAPE,
        parameters=(LABELED,),
        takes=SPATIAL,
        shape=crop_like_shape,
        saved_for_backward=SavedTensors(),
        view="always",
        torch=_like("CropLike"),
        helper=CROP_LIKE,
    ),
    Op(
        name="resize_like",
        about="interpolate to the size of the output of a label",
        family=Family.SHAPE,
        parameters=(LABELED, SMOOTH_MODE, ALIGN_CORNERS),
        takes=SPATIAL,
        shape=resize_like_shape,
        saved_for_backward=SavedTensors(),
        torch=_resize_like,
        helper=RESIZE_LIKE,
    ),
    _shuffle(
        "pixel_shuffle",
        "nn.PixelShuffle",
        "channels to pixels: each r x r of channels becomes a square of pixels",
        shuffle_shape,
    ),
    _shuffle(
        "pixel_unshuffle",
        "nn.PixelUnshuffle",
        "pixels to channels: the inverse of `pixel_shuffle`",
        unshuffle_shape,
    ),
    Op(
        name="space_to_depth",
        about="the pixels of each square to channels, in Swin's order; odd sizes get zeros",
        family=Family.SHAPE,
        parameters=(FACTOR,),
        takes=("CHW", "HWC"),
        shape=space_to_depth_shape,
        saved_for_backward=SavedTensors(),
        torch=_space_to_depth,
        helper=SPACE_TO_DEPTH,
    ),
)
