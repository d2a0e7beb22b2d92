"""Tokens: between images, tokens and windows, and what a transformer adds to them."""

from __future__ import annotations

import ast
import math
from math import prod
from typing import Any

from archspec.diagnostics.diagnostic import Offer
from archspec.ir.shape import Shape
from archspec.ir.symbolic import Symbolic, as_symbolic, literal
from archspec.ops.axes import IMAGE, TOKENS
from archspec.ops.op import Family, Op, OpWeight, SavedTensors, WeightInit
from archspec.ops.shapes import ShapeError
from archspec.ops.torch_call import (
    Attributes,
    TensorMethod,
    TorchCall,
    together,
    written_as,
)
from archspec.signatures.argument_types import BOOLEAN, COUNT, INTEGER, NUMBER
from archspec.signatures.signature import Parameter, Signature


def image_shape(x: Shape, *, height: int, width: int) -> Shape:
    """(H W, C) -> (C, H, W)."""
    if height * width != x[0]:
        side = math.isqrt(int(x[0]))
        square = f"image({side}, {side})"
        raise ShapeError(
            "invalid-argument",
            f"expected {x[0]} positions, found {height} * {width} = {height * width}",
            "height",
            help=Offer(f"`{square}` has as many", square) if side**2 == x[0] else "",
        )
    return Shape((x.channels, height, width), "CHW")


def select_shape(x: Shape, *, index: int) -> Shape:
    """(L, C) -> (C)."""
    if not -x[0] <= index < x[0]:
        raise ShapeError(
            "invalid-argument",
            f"the tokens are 0 to {x[0] - 1}, found {index}",
            "index",
        )
    return x.without(0)


def class_token_shape(x: Shape) -> Shape:
    """(L, C) -> (L + 1, C)."""
    return x.with_spatial([x[0] + 1])


def partition_shape(x: Shape, *, size: int, **_: Any) -> Shape:
    """(C, H, W) -> (P, L, C): P windows of L = size * size positions."""
    if any(length % size for length in x.spatial):
        raise ShapeError(
            "invalid-argument",
            f"`size` must divide {' and '.join(map(str, x.spatial))}, found {size}",
            "size",
        )
    return Shape((prod(x.spatial) // size**2, size**2, x.channels), "PLC")


def unpartition_shape(
    x: Shape, *, size: int, height: int, width: int, **_: Any
) -> Shape:
    """(P, L, C) -> (C, H, W), as before the `partition`."""
    if (x[0], x[1]) != (height * width // size**2, size**2):
        raise ShapeError(
            "size-mismatch",
            f"`unpartition` needs the windows that `partition({size})` of "
            f"{height}x{width} makes, found {x[0]} of {x[1]} positions",
        )
    return Shape((x.channels, height, width), "CHW")


IMAGE_CLASS = '''
class TokensToImage(nn.Module):
    """Tokens, row by row, as an image.

    Shape:
        [N, height * width, C] -> [N, C, height, width]
    """

    def __init__(self, height: int, width: int) -> None:
        super().__init__()
        self.size = height, width

    def forward(self, x: Tensor) -> Tensor:
        return torch.unflatten(x.transpose(1, 2), 2, self.size)
'''

SELECT = '''
class Select(nn.Module):
    """One of the tokens.

    Shape:
        [N, L, C] -> [N, C]
    """

    def __init__(self, index: int) -> None:
        super().__init__()
        self.index = index

    def forward(self, x: Tensor) -> Tensor:
        return x[:, self.index]
'''

PARTITION = '''
class Partition(nn.Module):
    """Square windows of an image, or grids across it.

    Shape:
        [N, C, H, W] -> [N, H * W / size**2, size**2, C]
    """

    def __init__(self, size: int, *, grid: bool = False) -> None:
        super().__init__()
        self.size, self.grid = size, grid

    def forward(self, x: Tensor) -> Tensor:
        parts = (self.size, -1) if self.grid else (-1, self.size)
        x = torch.unflatten(torch.unflatten(x, 3, parts), 2, parts)
        x = x.permute(0, 2, 4, 3, 5, 1)
        x = x.flatten(3, 4).flatten(1, 2)
        return x.transpose(1, 2) if self.grid else x
'''

UNPARTITION = '''
class Unpartition(nn.Module):
    """The inverse of `Partition`, for images of one size.

    Shape:
        [N, P, size**2, C] -> [N, C, height, width]
    """

    def __init__(
        self, size: int, height: int, width: int, *, grid: bool = False
    ) -> None:
        super().__init__()
        self.size, self.grid = size, grid
        self.counts = height // size, width // size

    def forward(self, x: Tensor) -> Tensor:
        outer, inner = self.counts, (self.size, self.size)
        if self.grid:
            outer, inner, x = inner, outer, x.transpose(1, 2)
        x = torch.unflatten(torch.unflatten(x, 2, inner), 1, outer)
        return x.permute(0, 5, 1, 3, 2, 4).flatten(4, 5).flatten(2, 3)
'''


def _select_methods(*, index: int) -> tuple[TensorMethod, ...]:
    return (TensorMethod("select", (1, index)),)


def _unpartition(_op: Signature, _x: Shape, attributes: Attributes) -> TorchCall:
    args = (attributes["size"], attributes["height"], attributes["width"])
    return TorchCall("Unpartition", args, {"grid": attributes["grid"]}, {"grid": False})


# --- bare parameters ---


def _class_token(_op: Signature, x: Shape, _attributes: Attributes) -> TorchCall:
    one = as_symbolic(1)
    return TorchCall("torch.zeros", (one, one, as_symbolic(x.channels)))


def _position_embedding(_op: Signature, x: Shape, _attributes: Attributes) -> TorchCall:
    size = (as_symbolic(1), as_symbolic(x[0]), as_symbolic(x.channels))
    return TorchCall("torch.randn", size, factor=0.02)


def _layer_scale(_op: Signature, x: Shape, attributes: Attributes) -> TorchCall:
    after = [as_symbolic(1)] * (len(x) - 1 - x.channel_axis)
    size = together(as_symbolic(x.channels), *after)
    init = attributes["init"]
    if isinstance(init.value, int):  # a tensor of integers has no gradient
        number = ast.Call(ast.Name("float", ast.Load()), [init.code], [])
        is_literal = isinstance(init.code, ast.Constant)
        init = (
            literal(float(init.value))
            if is_literal
            else Symbolic(float(init.value), number)
        )
    return TorchCall("torch.full", (size, init))


def _channels(x: Shape, _y: Shape, **_: Any) -> int:
    return x.channels


def _all(x: Shape, _y: Shape, **_: Any) -> int:
    return prod(x)


def _own(count: Any) -> tuple[OpWeight, ...]:
    """The one weight of an op whose path is its key."""
    return (OpWeight("", count, WeightInit.UNCHANGED),)


INDEX = Parameter("index", INTEGER, short="i", positional=True)
HEIGHT = Parameter("height", COUNT, short="h", positional=True)
WIDTH = Parameter("width", COUNT, short="w", positional=True)

OPS = (
    Op(
        name="image",
        about="tokens to an image, row by row: the inverse of `tokens`",
        family=Family.SHAPE,
        parameters=(HEIGHT, WIDTH),
        takes=TOKENS,
        shape=image_shape,
        saved_for_backward=SavedTensors(),
        view="always",
        torch=written_as("TokensToImage"),
        helper=IMAGE_CLASS,
    ),
    Op(
        name="select",
        about="one token, as `select(0)`; -1 is the last",
        family=Family.SHAPE,
        parameters=(INDEX,),
        takes=TOKENS,
        shape=select_shape,
        saved_for_backward=SavedTensors(),
        view="always",
        torch=written_as("Select"),
        methods=_select_methods,
        helper=SELECT,
    ),
    Op(
        name="partition",
        about="an image to windows of size x size, or to grids of as many positions",
        family=Family.SHAPE,
        parameters=(
            Parameter("size", COUNT, positional=True),
            Parameter("grid", BOOLEAN, default=False),
        ),
        takes=IMAGE,
        shape=partition_shape,
        saved_for_backward=SavedTensors(),
        torch=written_as("Partition"),
        helper=PARTITION,
    ),
    Op(
        name="unpartition",
        about="windows to an image: undoes the last `partition`",
        family=Family.SHAPE,
        takes=("PLC",),
        undoes="partition",
        shape=unpartition_shape,
        saved_for_backward=SavedTensors(),
        torch=_unpartition,
        helper=UNPARTITION,
    ),
    Op(
        name="class_token",
        about="a learned token in front of the others",
        family=Family.SHAPE,
        takes=TOKENS,
        bare="prepend",
        shape=class_token_shape,
        weights=_own(_channels),
        saved_for_backward=SavedTensors(),
        torch=_class_token,
    ),
    Op(
        name="position_embedding",
        about="a learned vector for each position, added to its token",
        family=Family.SHAPE,
        takes=TOKENS,
        bare="+",
        weights=_own(_all),
        saved_for_backward=SavedTensors(),
        torch=_position_embedding,
    ),
    Op(
        name="layer_scale",
        about="each channel times a learned number, which starts as `init`",
        family=Family.SHAPE,
        parameters=(Parameter("init", NUMBER, positional=True),),
        bare="*",
        weights=_own(_channels),
        saved_for_backward=SavedTensors(input=True),
        torch=_layer_scale,
    ),
)
