"""The operators and functions of expressions, bounded."""

import ast
import math
import operator
from collections.abc import Callable
from typing import Any

from archspec.ir.symbolic import make_divisible

MAX_ITEMS = 1_000  # in a tuple or a range

ARITHMETIC: dict[str, tuple[Callable[[Any, Any], Any], type[ast.operator]]] = {
    "+": (operator.add, ast.Add),
    "-": (operator.sub, ast.Sub),
    "*": (operator.mul, ast.Mult),
    "/": (operator.truediv, ast.Div),
    "//": (operator.floordiv, ast.FloorDiv),
    "%": (operator.mod, ast.Mod),
    "**": (operator.pow, ast.Pow),
}
COMPARISONS: dict[str, tuple[Callable[[Any, Any], Any], type[ast.cmpop]]] = {
    "<": (operator.lt, ast.Lt),
    "<=": (operator.le, ast.LtE),
    ">": (operator.gt, ast.Gt),
    ">=": (operator.ge, ast.GtE),
    "==": (operator.eq, ast.Eq),
    "!=": (operator.ne, ast.NotEq),
}
FUNCTIONS: dict[str, Callable[..., Any]] = {
    "min": min,
    "max": max,
    "sum": lambda values: sum(_numbers(values)),
    "abs": abs,
    "round": lambda value, *digits: round(value, *(_digits(n) for n in digits)),
    "ceil": math.ceil,
    "floor": math.floor,
    "sqrt": math.sqrt,
    "make_divisible": make_divisible,
    "len": len,
    "int": int,
    "range": lambda *bounds: tuple(_bounded(range(*bounds))),
}
EXPECTED = {  # what a function takes, and the call where its arguments are wrong
    "sum": ("`sum` adds the numbers of a tuple", "sum(({given}))"),
    "make_divisible": (
        "give a number and a positive integer",
        "make_divisible({first}, 8)",
    ),
}


def _digits(number: int) -> int:
    """Digits to round to, bounded: Python computes that power of ten."""
    return min(max(number, -20), 20)


def _numbers(values: Any) -> tuple[float, ...]:
    """The items of a tuple that must be numbers."""
    if not isinstance(values, tuple) or not all(map(is_number, values)):
        raise TypeError
    return values


def is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _bounded(values: range) -> range:
    if len(values) > MAX_ITEMS:
        raise OverflowError(f"a range has at most {MAX_ITEMS:,} items")
    return values
