"""The ops that might make sizes of other sizes by moving values, with what they do."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import permutations
from math import isqrt, prod
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from archspec.ir.shape import Shape

Move = Callable[[Tensor], Tensor]


class Movement(NamedTuple):
    """An op that moves values, with arguments by torch's names."""

    op: str
    attributes: dict[str, Any]
    move: Move  # with the batch


class Partition(NamedTuple):
    """What an `unpartition` undoes."""

    size: int
    height: int
    width: int
    grid: bool


def candidates(
    x: Shape, moved: Tensor, partition: Partition | None, *, reads_features: bool
) -> Iterator[Movement]:
    """The ops that might move values of `x` so, the likeliest first.

    Args:
        x: the shape before.
        moved: the numbers of positions after, which `positions` gives; 0 is padding.
        partition: the last one before it.
        reads_features: whether what follows reads the last axis, as `linear` does.
    """
    y = tuple(moved.shape[1:])
    if len(y) == 1 and len(x) > 1:
        yield Movement("flatten", {}, partial(torch.flatten, start_dim=1))
    if x.axes == "LC":
        yield from _of_tokens(x, y, reads_features=reads_features)
    if x.axes == "C" and len(y) == len("CHW"):
        yield from _of_features(y, reads_features=reads_features)
    if x.axes[0] == "C" and len(x) > 1:
        yield Movement("tokens", {}, _to_tokens)
    for order in permutations(range(1, len(x) + 1)):
        dims = (0, *order)
        yield Movement("permute", {"dims": dims}, partial(torch.permute, dims=dims))
    if x.axes == "LC" and not reads_features:
        yield _transpose()
    if y == x:
        for groups in range(2, x.channels):
            if x.channels % groups == 0:
                shuffle = partial(_shuffled, x.channel_axis + 1, groups)
                yield Movement("channel_shuffle", {"groups": groups}, shuffle)
    if len(y) == len(x):
        yield from _of_channels(x, y)
        if sorted(x.axes) == sorted("CHW"):
            yield from _of_pixels(x, y)
    if x.axes[0] == "C" and len(y) == len(x) > 1:
        yield from _of_space(x, moved)
    if x.axes == "CHW" and len(y) == len("PLC"):
        size = isqrt(y[1])
        for grid in (False, True):
            yield Movement(
                "partition", {"size": size, "grid": grid}, partial(_parted, size, grid)
            )
    if x.axes == "PLC" and partition:
        yield Movement(
            "unpartition", partition._asdict(), partial(_unparted, partition)
        )


def _transpose() -> Movement:
    return Movement("transpose", {}, partial(torch.transpose, dim0=1, dim1=2))


def _of_features(y: Sequence[int], *, reads_features: bool) -> Iterator[Movement]:
    """An image, whose channels may then move to the end.

    With one channel, the two are the same movement.
    """
    height, width, channels = y
    last = (channels, height, width)
    images = [tuple(y), last] if reads_features else [tuple(y)]
    if reads_features and channels == 1 < width:
        images = [last]
    for image in images:
        sizes = dict(zip(("channels", "height", "width"), image, strict=True))
        yield Movement("unflatten", sizes, partial(_reshaped, image))


def _of_tokens(
    x: Shape, y: Sequence[int], *, reads_features: bool
) -> Iterator[Movement]:
    if reads_features:
        yield _transpose()
    if len(y) == len("CHW"):
        yield Movement(
            "image", {"height": y[1], "width": y[2]}, partial(_to_image, tuple(y))
        )
    if len(y) == 1:
        for index in (0, -1, *range(1, x[0] - 1)):
            yield Movement(
                "select", {"index": index}, partial(torch.select, dim=1, index=index)
            )


def _of_channels(x: Shape, y: Sequence[int]) -> Iterator[Movement]:
    """Some of the channels, or more of them, which are zeros."""
    axis = x.channel_axis
    count, dim = y[axis], axis + 1
    if count > x.channels and x.axes == "CHW":
        pad = (0, 0, 0, 0, 0, count - x.channels)
        yield Movement(
            "pad_channels", {"out_channels": count}, partial(nn.functional.pad, pad=pad)
        )
    if count >= x.channels:
        return
    if x.channels % count == 0:
        chunks = x.channels // count
        for index in range(chunks):
            yield Movement(
                "chunk",
                {"chunks": chunks, "index": index},
                partial(torch.narrow, dim=dim, start=index * count, length=count),
            )
    for start in range(x.channels - count + 1):
        yield Movement(
            "slice",
            {"start": start, "stop": start + count},
            partial(torch.narrow, dim=dim, start=start, length=count),
        )


def _of_pixels(x: Shape, y: Sequence[int]) -> Iterator[Movement]:
    """Pixels to channels and back."""
    height = x.axes.index("H")
    if y[height] > x[height] and x.axes == "CHW":
        factor = y[1] // x[1]
        yield Movement(
            "pixel_shuffle", {"factor": factor}, nn.PixelShuffle(factor).forward
        )
    factor = isqrt(y[x.channel_axis] // x.channels)
    if factor > 1:
        if x.axes == "CHW":
            yield Movement(
                "pixel_unshuffle", {"factor": factor}, nn.PixelUnshuffle(factor).forward
            )
        yield Movement(
            "space_to_depth",
            {"factor": factor},
            partial(_to_depth, factor, x.axes[-1] == "C"),
        )


def _of_space(x: Shape, moved: Tensor) -> Iterator[Movement]:
    """The middle of an image, some of its pixels, or zeros around it."""
    y = tuple(moved.shape[1:])
    if y[0] != x[0] or not moved.numel():
        return
    if x.axes == "CHW":
        yield Movement(
            "crop", {"height": y[1], "width": y[2]}, partial(_cropped, y[1], y[2])
        )
    for stride in (2, 3, 4):
        steps = (slice(None), slice(None), *[slice(None, None, stride)] * (len(x) - 1))
        yield Movement(
            "avgpool",
            {"kernel_size": 1, "stride": stride},
            partial(_indexed, steps),
        )
    sides: list[int] = []
    for axis in range(2, len(x) + 1):
        others = [other for other in range(len(x) + 1) if other != axis]
        filled = moved.ne(0).sum(others).nonzero().flatten()
        if not len(filled):
            return
        sides = [int(filled[0]), y[axis - 1] - 1 - int(filled[-1]), *sides]
    if any(sides):
        padding = sides[0] if len(set(sides)) == 1 else tuple(sides)
        yield Movement(
            "pad", {"padding": padding}, partial(nn.functional.pad, pad=sides)
        )


def positions(x: Sequence[int], batch: int) -> Tensor:
    """The numbers of all positions of a batch, from 1."""
    return torch.arange(1, 1 + batch * prod(x)).view(batch, *x)


def _reshaped(sizes: Sequence[int], x: Tensor) -> Tensor:
    return x.reshape(len(x), *sizes)


def _indexed(index: tuple[slice, ...], x: Tensor) -> Tensor:
    return x[index]


def _unfold(x: Tensor, axis: int, sizes: tuple[int, int]) -> Tensor:
    return x.reshape(*x.shape[:axis], *sizes, *x.shape[axis + 1 :])


def _to_tokens(x: Tensor) -> Tensor:
    return x.flatten(2).transpose(1, 2)


def _to_image(sizes: Sequence[int], x: Tensor) -> Tensor:
    return x.transpose(1, 2).reshape(len(x), *sizes)


def _shuffled(axis: int, groups: int, x: Tensor) -> Tensor:
    x = _unfold(x, axis, (groups, -1))
    return x.transpose(axis, axis + 1).flatten(axis, axis + 1)


def _to_depth(factor: int, channels_last: bool, x: Tensor) -> Tensor:
    x = x if channels_last else x.movedim(1, -1)
    below, right = -x.shape[1] % factor, -x.shape[2] % factor
    x = nn.functional.pad(x, (0, 0, 0, right, 0, below))
    x = _unfold(_unfold(x, 2, (-1, factor)), 1, (-1, factor))
    x = x.permute(0, 1, 3, 4, 2, 5).flatten(3)
    return x if channels_last else x.movedim(-1, 1)


def _cropped(height: int, width: int, x: Tensor) -> Tensor:
    top, left = (x.shape[2] - height) // 2, (x.shape[3] - width) // 2
    return x[:, :, top : top + height, left : left + width]


def _parted(size: int, grid: bool, x: Tensor) -> Tensor:
    parts = (size, -1) if grid else (-1, size)
    x = _unfold(_unfold(x, 3, parts), 2, parts)
    x = x.permute(0, 2, 4, 3, 5, 1).flatten(3, 4).flatten(1, 2)
    return x.transpose(1, 2) if grid else x


def _unparted(partition: Partition, x: Tensor) -> Tensor:
    size, height, width, grid = partition
    outer, inner = (height // size, width // size), (size, size)
    if grid:
        outer, inner, x = inner, outer, x.transpose(1, 2)
    x = _unfold(_unfold(x, 2, inner), 1, outer)
    return x.permute(0, 5, 1, 3, 2, 4).flatten(4, 5).flatten(2, 3)
