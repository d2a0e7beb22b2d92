"""Helpers for shape rules: channels, sizes per axis, and the error of a mismatch."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TypeVar

from archspec.ir.shape import Shape


class ShapeError(Exception):
    """The reason why an op rejects its input, without a place.

    Lowering finds the place: `parameter` is torch's name of the argument at fault, or
    "" if the input itself is.
    """

    def __init__(
        self, code: str, message: str, parameter: str = "", help: str = ""
    ) -> None:
        super().__init__(message)
        self.code, self.message = code, message
        self.parameter, self.help = parameter, help


Size = int | tuple[int, ...]
Number = TypeVar("Number", int, float)


def spread(
    size: Number | tuple[Number, ...], x: Shape, parameter: str
) -> tuple[Number, ...]:
    """Return the numbers for the axes of an image, a signal or a volume.

    >>> spread(3, Shape((8, 5, 5), "CHW"), "kernel_size")
    (3, 3)
    """
    count = len(x) - 1
    sizes = size if isinstance(size, tuple) else (size,) * count
    if len(sizes) != count:
        raise ShapeError(
            "invalid-argument",
            f"expected one number, or one for each of the {count} axes, "
            f"found {len(sizes)} numbers"
            if count > 1
            else f"expected one number, found {len(sizes)}",
            parameter,
        )
    return sizes


def windows(x: Shape, **sizes: Size) -> Iterator[tuple[int, ...]]:
    """Yield the size of each axis with the arguments for it."""
    numbers = (spread(size, x, name) for name, size in sizes.items())
    return zip(x.spatial, *numbers, strict=True)


def by(sizes: Iterable[int]) -> str:
    """Write sizes as `3x3`; one of them alone as it is."""
    return "x".join(map(str, map(int, sizes)))


def pair(size: int | tuple[int, int]) -> tuple[int, int]:
    """Return (height, width) of a size that may be one number for both.

    >>> pair(3), pair((1, 7))
    ((3, 3), (1, 7))
    """
    return size if isinstance(size, tuple) else (size, size)


def bytes_of(values: int) -> int:
    """Return the bytes that a number of 32-bit floats takes."""
    return 4 * values
