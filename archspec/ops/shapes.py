"""Helpers for shape rules: channels, sizes per axis, and the error of a mismatch."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from math import isqrt
from typing import TypeVar

from archspec.diagnostics.diagnostic import Replacement
from archspec.ir.shape import Shape


class ShapeError(Exception):
    """The reason why an op rejects its input, without a place.

    Lowering finds the place: `parameter` is torch's name of the argument at fault, or
    "" if the input itself is. A `Replacement` in `help` is another argument.
    """

    def __init__(
        self,
        code: str,
        message: str,
        parameter: str = "",
        help: str | Sequence[str] = "",
    ) -> None:
        super().__init__(message)
        self.code, self.message = code, message
        self.parameter, self.help = parameter, help


def divisors(number: int) -> list[int]:
    """Return all divisors of a number, the least first."""
    low = [n for n in range(1, isqrt(number) + 1) if number % n == 0]
    return sorted({*low, *(number // n for n in low)})


def near(number: int, fitting: Iterable[int]) -> list[str]:
    """Help with the next smaller ones of the numbers that fit.

    >>> near(5, divisors(12))
    ['write `4`', 'or `3`']
    """
    found = sorted(n for n in fitting if n < number)[-2:][::-1]
    return [
        Replacement(f"{verb} `{n}`", str(n), is_strong=False)
        for verb, n in zip(("write", "or"), found, strict=False)
    ]


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
