"""The types of arguments: integers, sizes, probabilities, choices of words."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple


class ArgumentType(NamedTuple):
    """A set of values. `expected` completes the message "expected ..., found ..."."""

    expected: str
    accepts: Callable[[Any], bool]
    words: tuple[str, ...] = ()  # names that a call may give as values: `p=same`
    example: str = "1"
    is_integer: bool = False  # or pairs of integers: a float is a common mistake


def _is_int(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_size(value: Any, least: int) -> bool:
    """Whether it is an integer, or one for each axis of a signal, image or volume."""
    if isinstance(value, tuple):
        return 1 <= len(value) <= 3 and all(_is_int(v) and v >= least for v in value)
    return _is_int(value) and value >= least


def one_of(*words: str) -> ArgumentType:
    """Return the type whose values are some words."""
    listed = ", ".join(f"`{word}`" for word in words)
    return ArgumentType(f"one of {listed}", lambda value: value in words, words)


COUNT = ArgumentType(
    "a positive integer",
    lambda v: _is_int(v) and v > 0,
    example="64",
    is_integer=True,
)
NATURAL = ArgumentType(
    "an integer from 0 on", lambda v: _is_int(v) and v >= 0, is_integer=True
)
SIZE = ArgumentType(
    "a positive integer, or one for each axis",
    lambda v: _is_size(v, least=1),
    example="3",
    is_integer=True,
)
PADDING = ArgumentType(
    "an integer from 0 on, or one for each axis",
    lambda v: _is_size(v, least=0),
    is_integer=True,
)
CONV_PADDING = ArgumentType(
    "an integer from 0 on, one for each axis, or `same`",
    lambda v: v == "same" or _is_size(v, least=0),
    ("same",),
    is_integer=True,
)
SCALE = ArgumentType(
    "a factor above 0, or one for each axis",
    lambda v: all(
        _is_number(factor) and factor > 0
        for factor in (v if isinstance(v, tuple) else (v,))
    ),
    example="2",
)
BOOLEAN = ArgumentType("`true` or `false`", lambda v: isinstance(v, bool))
NUMBER = ArgumentType("a number", _is_number)
NUMBERS = ArgumentType(
    "a number, or one for each channel",
    lambda v: all(map(_is_number, v)) if isinstance(v, tuple) else _is_number(v),
)
POSITIVE = ArgumentType(
    "a number above 0", lambda v: _is_number(v) and v > 0, example="0.1"
)
NOT_NEGATIVE = ArgumentType("a number from 0 on", lambda v: _is_number(v) and v >= 0)
PROBABILITY = ArgumentType(
    "a number from 0 to 1", lambda v: _is_number(v) and 0 <= v <= 1, example="0.5"
)
INTEGER = ArgumentType("an integer", _is_int, is_integer=True)
SIDES = ArgumentType(
    "an integer from 0 on, or one for each side: (left, right, top, bottom)",
    lambda v: all(
        _is_int(side) and side >= 0 for side in (v if isinstance(v, tuple) else (v,))
    ),
    is_integer=True,
)
LABEL = ArgumentType(  # a name, which is no value: the lowering finds it
    "the label of an earlier step", lambda v: isinstance(v, str), example="stem"
)
AXIS = ArgumentType(
    "an axis, 1 or more: axis 0 is the batch", lambda v: _is_int(v) and v > 0
)
AXES = ArgumentType(
    "the axes in their new order, as `0, 2, 1`",
    lambda v: isinstance(v, tuple) and all(_is_int(axis) for axis in v),
    example="0, 2, 1",
)
