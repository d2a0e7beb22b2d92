"""What a parameter of an op accepts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Kind:
    """A set of values; `expected` completes the sentence "expected ..."."""

    expected: str
    accepts: Callable[[Any], bool]
    words: tuple[str, ...] = ()  # names that stand for themselves, as in `p=same`
    example: str = "1"


def _is_int(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_size(value: Any, least: int) -> bool:
    """One integer, or a pair of them for height and width."""
    if isinstance(value, tuple):
        return len(value) == 2 and all(_is_int(v) and v >= least for v in value)
    return _is_int(value) and value >= least


def one_of(*words: str) -> Kind:
    """A choice of words."""
    listed = ", ".join(f"`{word}`" for word in words)
    return Kind(f"one of {listed}", lambda value: value in words, words)


COUNT = Kind("a positive integer", lambda v: _is_int(v) and v > 0, example="64")
NATURAL = Kind("an integer from 0 on", lambda v: _is_int(v) and v >= 0)
SIZE = Kind(
    "a positive integer or a pair `(height, width)`",
    lambda v: _is_size(v, least=1),
    example="3",
)
PADDING = Kind(
    "an integer from 0 on or a pair `(height, width)`", lambda v: _is_size(v, least=0)
)
CONV_PADDING = Kind(
    "an integer from 0 on, a pair `(height, width)`, or `same`",
    lambda v: v == "same" or _is_size(v, least=0),
    ("same",),
)
BOOLEAN = Kind("`true` or `false`", lambda v: isinstance(v, bool))
NUMBER = Kind("a number", _is_number)
POSITIVE = Kind("a number above 0", lambda v: _is_number(v) and v > 0, example="0.1")
NOT_NEGATIVE = Kind("a number from 0 on", lambda v: _is_number(v) and v >= 0)
PROBABILITY = Kind(
    "a number from 0 to 1", lambda v: _is_number(v) and 0 <= v <= 1, example="0.5"
)
AXIS = Kind("an axis, 1 or more: axis 0 is the batch", lambda v: _is_int(v) and v > 0)
AXES = Kind(
    "the axes in their new order, as `0, 2, 1`",
    lambda v: isinstance(v, tuple) and all(_is_int(axis) for axis in v),
    example="0, 2, 1",
)
