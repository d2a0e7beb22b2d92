"""The range of the pixels of a data set, so that its white is 255 after decoding.

Files of 8 bits say what white is. Those of 16 or 32 bits, or of floats, do not: a camera
may use 12 of 16 bits. The largest value of a sample decides, once for all images of a run.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil
from typing import NamedTuple

from archspec.runs.errors import TrainingError

EIGHT_BIT, SIXTEEN_BIT, INTEGER, FLOAT = "8-bit", "16-bit", "32-bit", "float"
USUAL_SCALES = (255, 4095, 65535)  # of 8, 12 and 16 bits
OVERSHOOT = 1e-3  # share by which floats may leave their range, as after resampling


class UnexpectedPixelsError(TrainingError):
    """A file whose pixels are not those of its data set."""


class PixelRange(NamedTuple):
    """The pixels of a file."""

    path: str
    kind: str
    largest: float


class PixelFormat(NamedTuple):
    """The pixels of a data set."""

    kind: str
    full_scale: int
    """The value of white."""

    largest: float
    """The largest value of the images that were measured."""

    example: str
    """The file that has it, or "" for images that are not files."""

    @property
    def is_ordinary(self) -> bool:
        """Whether the files have 8 bits."""
        return self.kind == EIGHT_BIT

    def describe(self) -> str:
        """A line for the output, or "" if the files have 8 bits."""
        if self.is_ordinary:
            return ""
        bits = f"{self.full_scale.bit_length()} bits"
        return (
            f"pixels: {self.kind} files with values up to {_show(self.largest)} are read as "
            f"{'a range from 0 to 1' if self.full_scale == 1 else bits}"
        )

    def check_kind(self, path: str, kind: str) -> None:
        """Check that a file has pixels of this kind.

        Raises:
            UnexpectedPixelsError: if it has not.
        """
        if kind != self.kind:
            other = f"`{self.example}`" if self.example else "the data set of the run"
            raise UnexpectedPixelsError(
                f"`{path}` has {kind} pixels, and {other} has {self.kind} pixels: convert "
                "one of them"
            )

    def check_range(self, path: str, smallest: float, largest: float) -> None:
        """Check that the values of a file are in range.

        Raises:
            UnexpectedPixelsError: if they are not.
        """
        slack = OVERSHOOT * self.full_scale if self.kind == FLOAT else 0
        if largest > self.full_scale + slack:
            raise UnexpectedPixelsError(
                f"`{path}` has pixels up to {_show(largest)}, and `{self.example}`, the "
                f"brightest image that was measured, up to {_show(self.largest)}: convert "
                "all to one range"
            )
        if smallest < -slack:
            raise UnexpectedPixelsError(
                f"`{path}` has pixels down to {_show(smallest)}, and black is 0 as in "
                f"`{self.example}`: convert all to one range"
            )


ORDINARY = PixelFormat(EIGHT_BIT, 255, 255.0, "")


def choose_format(ranges: Sequence[PixelRange]) -> PixelFormat:
    """The format of a data set, from the pixels of a sample of its files.

    Raises:
        UnexpectedPixelsError: if the files have pixels of several kinds.
    """
    largest = max(ranges, key=lambda each: each.largest)
    scale = full_scale(largest.kind, largest.largest)
    found = PixelFormat(largest.kind, scale, largest.largest, largest.path)
    for each in ranges:
        found.check_kind(each.path, each.kind)
    return found


def full_scale(kind: str, largest: float) -> int:
    """The value of white in files with values up to `largest`.

    >>> [full_scale("16-bit", value) for value in (200, 1023, 4095, 4096)]
    [255, 4095, 4095, 65535]
    >>> full_scale("float", 0.5), full_scale("float", 200.0), full_scale("32-bit", 70_000)
    (1, 255, 131071)
    """
    if kind == FLOAT and largest <= 1 + OVERSHOOT:
        return 1
    power = 2 ** ceil(largest).bit_length() - 1
    return next((scale for scale in USUAL_SCALES if largest <= scale), power)


def _show(value: float) -> str:
    return f"{value:,.0f}" if value.is_integer() else f"{value:,.4g}"
