"""Values that a repeat computes for each iteration, whose parts can still differ."""

from __future__ import annotations

import re
from dataclasses import dataclass

from archspec.importing.steps import Expression, Value
from archspec.importing.writing.call_text import value_text


@dataclass(frozen=True)
class Formula(Expression):
    """An expression with values in it: `{} if i == 0 else {}` with 2 and 1."""

    pattern: str = ""
    arguments: tuple[Value, ...] = ()


def formula(pattern: str, *arguments: Value) -> Formula:
    """Put values in the places of a pattern; compound ones in parentheses.

    >>> formula("{} * cin", Expression("a + b")).text
    '(a + b) * cin'
    """
    if is_counter(pattern) and arguments == (0,):
        return Formula(pattern.removeprefix("{} + "), pattern, arguments)
    texts = [value_text(argument) for argument in arguments]
    shown = [f"({text})" if " " in text and text[0] != "(" else text for text in texts]
    return Formula(pattern.format(*shown), pattern, arguments)


def first_else(index: str) -> str:
    """The pattern of a value that is another one in the first iteration."""
    return f"{{}} if {index} == 0 else {{}}"


def alternating(index: str) -> str:
    """The pattern of two values that take turns."""
    return f"{{}} if {index} % 2 == 0 else {{}}"


def is_first_else(pattern: str) -> bool:
    """Whether a pattern is that of `first_else`, for any index."""
    return pattern.startswith("{} if ") and "%" not in pattern


def is_counter(pattern: str) -> bool:
    """Whether a pattern adds an index to a number: `{} + i`."""
    return pattern.startswith("{} + @")


def is_progression(pattern: str) -> bool:
    """Whether a pattern is that of a value that grows with a layer's number."""
    number = r"[\d.]+"
    return bool(re.fullmatch(rf"{number} (\* {{}} / \d+|/ \d+ \* {{}})", pattern))
