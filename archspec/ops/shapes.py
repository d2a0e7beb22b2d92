"""Helpers for shape rules: channels, sizes per axis, and the error of a mismatch."""

from __future__ import annotations

from archspec.ir.graph import Shape


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


def channels(shape: Shape) -> int:
    """Return the channels of an image, or the features of tokens or a vector."""
    return shape[0] if len(shape) == 3 else shape[-1]


def pair(size: int | tuple[int, int]) -> tuple[int, int]:
    """Return (height, width) of a size that may be one number for both.

    >>> pair(3), pair((1, 7))
    ((3, 3), (1, 7))
    """
    return size if isinstance(size, tuple) else (size, size)


def bytes_of(values: int) -> int:
    """Return the bytes that a number of 32-bit floats takes."""
    return 4 * values
