"""Merges of parallel branches: `concat`, `add`, `mul`. Also the chunks of a `split`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import NamedTuple

from archspec.ir.shape import Shape
from archspec.ops.shapes import ShapeError

SAME_SIZE = "give the branches the same strides, and pad so that sizes agree"


def concat_shape(shapes: Sequence[Shape], kind: str = "concat") -> Shape:
    """[(64, H, W), (32, H, W)] -> (96, H, W): channels add up, other axes must agree."""
    _check_axes(kind, shapes)
    first = shapes[0]
    if any(shape.spatial != first.spatial for shape in shapes):
        raise ShapeError(
            "size-mismatch",
            f"`{kind}` needs branches of one size, found {_list(shapes)}",
            help=SAME_SIZE,
        )
    return first.with_channels(sum(shape.channels for shape in shapes))


def equal_shape(kind: str, shapes: Sequence[Shape]) -> Shape:
    """[(C, H, W), (C, H, W)] -> (C, H, W)."""
    _check_axes(kind, shapes)
    for shape in shapes:
        if shape.spatial != shapes[0].spatial:
            raise ShapeError(
                "size-mismatch",
                f"`{kind}` needs equal shapes, found {_list(shapes)}",
                help=SAME_SIZE,
            )
        if shape != shapes[0]:
            raise ShapeError(
                "channel-mismatch",
                f"`{kind}` needs equal channels, found {_list(shapes)}",
                help="give the branches the same number of output channels; "
                "`conv(cout, k=1)` on a shortcut changes it",
            )
    return shapes[0]


def mul_shape(shapes: Sequence[Shape]) -> Shape:
    """[(C, H, W), (C, 1, 1)] -> (C, H, W): axes of size 1 stretch, as in a gate."""
    _check_axes("mul", shapes)
    result = []
    for sizes in zip(*shapes, strict=True):
        largest = max(sizes)
        if any(size not in (1, largest) for size in sizes):
            raise ShapeError(
                "size-mismatch",
                f"`mul` needs equal shapes or axes of size 1, found {_list(shapes)}",
                help="make a gate of [C, 1, 1] or [1, H, W] for an image of [C, H, W]",
            )
        result.append(largest)
    return Shape(result, shapes[0].axes)


def _check_axes(kind: str, shapes: Sequence[Shape]) -> None:
    if len({len(shape) for shape in shapes}) > 1:
        raise ShapeError(
            "wrong-rank",
            f"`{kind}` needs branches of one rank, found {_list(shapes)}",
            help="flatten all branches, or none",
        )
    if len({shape.axes for shape in shapes}) > 1:
        shown = [f"[{', '.join(shape.axes)}]" for shape in shapes]
        raise ShapeError(
            "axes-mismatch",
            f"`{kind}` needs branches with the same axes in the same order, "
            f"found {', '.join(shown[:-1])} and {shown[-1]}",
            help=_way(shapes),
        )


def _way(shapes: Sequence[Shape]) -> str:
    """Help with the `permute` that gives one branch the axes of another."""
    first = shapes[0]
    other = next(shape for shape in shapes if shape.axes != first.axes)
    if sorted(first.axes) != sorted(other.axes):
        return "`tokens` and `image(h, w)` turn an image into tokens and back"
    dims = ", ".join(str(other.axes.index(axis) + 1) for axis in first.axes)
    return f"`permute(0, {dims})` turns [{', '.join(other.axes)}] into [{', '.join(first.axes)}]"


def sized_chunks(x: Shape, sizes: Sequence[int]) -> list[Shape]:
    """(64, H, W) in sizes 16 and 48 -> (16, H, W), (48, H, W)."""
    if min(sizes) < 1:
        raise ShapeError(
            "invalid-argument",
            f"`sizes` need to be 1 or more, found {min(sizes)}",
            help=f"write channels that add up to {x.channels}",
        )
    if sum(sizes) != x.channels:
        raise ShapeError(
            "indivisible-split",
            f"`sizes` need to add up to the {x.channels} channels, found {sum(sizes)}",
        )
    return [x.with_channels(size) for size in sizes]


def chunk_shape(x: Shape, chunks: int) -> Shape:
    """(C, H, W) -> (C / chunks, H, W): the shape of each chunk of a `split`."""
    if x.channels % chunks:
        raise ShapeError(
            "indivisible-split",
            f"`split` needs channels that {chunks} branches divide, found {x.channels}",
        )
    return x.with_channels(x.channels // chunks)


def _list(shapes: Sequence[Shape]) -> str:
    shown = [str(list(map(int, shape))) for shape in shapes]
    return f"{', '.join(shown[:-1])} and {shown[-1]}"


def saves_nothing(needs_gradient: Sequence[bool]) -> Sequence[bool]:
    """Save no input for the backward pass."""
    return [False] * len(needs_gradient)


def saves_factors(needs_gradient: Sequence[bool]) -> Sequence[bool]:
    """Save each factor that the gradient of another factor is computed from.

    If only x needs a gradient, y is saved, since d(xy)/dx = y:

    >>> saves_factors([True, False])
    [False, True]
    """
    count = sum(needs_gradient)
    return [count > needed for needed in needs_gradient]


def saves_compared(needs_gradient: Sequence[bool]) -> Sequence[bool]:
    """Save all inputs where one needs a gradient: it goes to the larger."""
    return [any(needs_gradient)] * len(needs_gradient)


class MergeOp(NamedTuple):
    """Everything that archspec knows of a merge of any number of branches.

    `saved_inputs` takes which inputs need a gradient, and returns which of them autograd
    saves for the backward pass.
    """

    name: str
    shape: Callable[[Sequence[Shape]], Shape]
    saved_inputs: Callable[[Sequence[bool]], Sequence[bool]]
    operator: str = ""  # Python's, between the branches
    function: str = ""  # of two branches; without both, `torch.cat`
    sign: str = ""  # in a drawing, in place of the name


MERGES: dict[str, MergeOp] = {
    merge.name: merge
    for merge in (
        MergeOp(name="concat", shape=concat_shape, saved_inputs=saves_nothing),
        MergeOp(
            name="add",
            shape=partial(equal_shape, "add"),
            saved_inputs=saves_nothing,
            operator="+",
            sign="+",
        ),
        MergeOp(
            name="sub",
            shape=partial(equal_shape, "sub"),
            saved_inputs=saves_nothing,
            operator="-",
            sign="−",
        ),
        MergeOp(
            name="maximum",
            shape=partial(equal_shape, "maximum"),
            saved_inputs=saves_compared,
            function="torch.maximum",
        ),
        MergeOp(
            name="mul",
            shape=mul_shape,
            saved_inputs=saves_factors,
            operator="*",
            sign="×",
        ),
    )
}
