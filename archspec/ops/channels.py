"""Channels: shuffle them, take some of them, and give a vector axes again."""

from __future__ import annotations

from math import prod
from typing import Any

from archspec.ir.shape import Shape
from archspec.ir.symbolic import as_symbolic
from archspec.ops.axes import VECTOR
from archspec.ops.op import Family, Op, SavedTensors
from archspec.ops.shapes import ShapeError, divisors, near
from archspec.ops.torch_call import Attributes, TorchCall, plain_call, together
from archspec.signatures.argument_types import COUNT, NATURAL
from archspec.signatures.signature import Parameter, Signature


def _divided(x: Shape, count: int, parameter: str) -> int:
    if x.channels % count:
        raise ShapeError(
            "invalid-argument",
            f"expected a divisor of the {x.channels} channels, found {count}",
            parameter,
            near(count, divisors(int(x.channels))),
        )
    return x.channels // count


def shuffle_shape(x: Shape, *, groups: int) -> Shape:
    """(C, H, W) -> (C, H, W)."""
    _divided(x, groups, "groups")
    return x


def chunk_shape(x: Shape, *, chunks: int, index: int) -> Shape:
    """(C, H, W) -> (C / chunks, H, W)."""
    if index >= chunks:
        raise ShapeError(
            "invalid-argument",
            f"the chunks are 0 to {chunks - 1}, found {index}",
            "index",
        )
    return x.with_channels(_divided(x, chunks, "chunks"))


def slice_shape(x: Shape, *, start: int, stop: int) -> Shape:
    """(C, H, W) -> (stop - start, H, W)."""
    if not start < stop <= x.channels:
        raise ShapeError(
            "invalid-argument",
            f"expected a part of the channels 0 to {x.channels}, found {start} to {stop}",
            "start" if start >= stop else "stop",
        )
    return x.with_channels(stop - start)


def unflatten_shape(x: Shape, **sizes: int) -> Shape:
    """(C H W) -> (C, H, W)."""
    found = tuple(sizes.values())
    if prod(found) != x.channels:
        raise ShapeError(
            "invalid-argument",
            f"expected {x.channels} numbers in all, found "
            f"{' * '.join(map(str, map(int, found)))} = {int(prod(found))}",
            "channels",
        )
    return Shape(found, "CHW")


CHANNEL_SHUFFLE = '''
class ChannelShuffle(nn.Module):
    """The first channel of each group, then the second of each, and so on.

    Shape:
        [N, C, H, W] -> [N, C, H, W], or with C at `dim`
    """

    def __init__(self, groups: int, dim: int = 1) -> None:
        super().__init__()
        self.groups, self.dim = groups, dim

    def forward(self, x: Tensor) -> Tensor:
        x = torch.unflatten(x, self.dim, (self.groups, -1))
        return x.transpose(self.dim, self.dim + 1).flatten(self.dim, self.dim + 1)
'''

CHUNK = '''
class Chunk(nn.Module):
    """One of several equal chunks of the channels.

    Shape:
        [N, C, H, W] -> [N, C / chunks, H, W], or with C at `dim`
    """

    def __init__(self, chunks: int, index: int, dim: int = 1) -> None:
        super().__init__()
        self.chunks, self.index, self.dim = chunks, index, dim

    def forward(self, x: Tensor) -> Tensor:
        return x.chunk(self.chunks, self.dim)[self.index]
'''

SLICE = '''
class Slice(nn.Module):
    """The channels from `start` up to `stop`.

    Shape:
        [N, C, H, W] -> [N, stop - start, H, W], or with C at `dim`
    """

    def __init__(self, start: int, stop: int, dim: int = 1) -> None:
        super().__init__()
        self.start, self.stop, self.dim = start, stop, dim

    def forward(self, x: Tensor) -> Tensor:
        return x.narrow(self.dim, self.start, self.stop - self.start)
'''


def along_channels(name: str) -> Any:
    """Return the rule for a class that is told the axis of the channels, if not 1."""

    def call(op: Signature, x: Shape, attributes: Attributes) -> TorchCall:
        made = plain_call(op, name, attributes)
        dim = as_symbolic(x.channel_axis + 1)
        return made._replace(
            kwargs={**made.kwargs, "dim": dim}, defaults={**made.defaults, "dim": 1}
        )

    return call


def _unflatten(op: Signature, _x: Shape, attributes: Attributes) -> TorchCall:
    sizes = [attributes[parameter.name] for parameter in op.parameters]
    return TorchCall("nn.Unflatten", (as_symbolic(1), together(*sizes)))


OPS = (
    Op(
        name="channel_shuffle",
        about="mix `g` groups of channels, as in ShuffleNet",
        family=Family.SHAPE,
        parameters=(Parameter("groups", COUNT, short="g", positional=True),),
        shape=shuffle_shape,
        saved_for_backward=SavedTensors(),
        torch=along_channels("ChannelShuffle"),
        helper=CHANNEL_SHUFFLE,
    ),
    Op(
        name="chunk",
        about="chunk `i` of `n` equal ones of the channels, from 0",
        family=Family.SHAPE,
        parameters=(
            Parameter("chunks", COUNT, short="n", positional=True),
            Parameter("index", NATURAL, short="i", positional=True),
        ),
        shape=chunk_shape,
        saved_for_backward=SavedTensors(),
        view="always",
        torch=along_channels("Chunk"),
        helper=CHUNK,
    ),
    Op(
        name="slice",
        about="the channels from `start` up to `stop`",
        family=Family.SHAPE,
        parameters=(
            Parameter("start", NATURAL, positional=True),
            Parameter("stop", COUNT, positional=True),
        ),
        shape=slice_shape,
        saved_for_backward=SavedTensors(),
        view="always",
        torch=along_channels("Slice"),
        helper=SLICE,
    ),
    Op(
        name="unflatten",
        about="a vector to an image",
        family=Family.SHAPE,
        parameters=(
            Parameter("channels", COUNT, short="c", positional=True),
            Parameter("height", COUNT, short="h", positional=True),
            Parameter("width", COUNT, short="w", positional=True),
        ),
        takes=VECTOR,
        shape=unflatten_shape,
        saved_for_backward=SavedTensors(),
        view="always",
        torch=_unflatten,
    ),
)
