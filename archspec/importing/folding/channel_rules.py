"""Rules that make channels of other channels: multiples, quotients, sums."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any

from archspec.importing.folding.vectors import Vector
from archspec.importing.steps import Value
from archspec.ir.symbolic import make_divisible

Rule = tuple[str, Callable[[Any], int]]  # how it is written, and what it computes

FACTORS = range(2, 17)
DIVISORS = (2, 3, 4, 6, 8, 12, 16, 24, 32, 64)
MULTIPLES: list[Rule] = [
    *((f"{n} * {{}}", n.__mul__) for n in FACTORS),
    *((f"{{}} // {n}", n.__rfloordiv__) for n in DIVISORS),
]
ROUNDED: list[Rule] = [
    rule
    for n in DIVISORS
    for rule in (
        (
            f"make_divisible({{}} // {n}, 8)",
            partial(lambda n, b: make_divisible(b // n, 8), n),
        ),
        (f"max(1, {{}} // {n})", partial(lambda n, b: max(1, b // n), n)),
    )
]


def holds(
    values: Vector,
    a: Mapping[int, Value],
    b: Mapping[int, Value],
    rule: Callable[[int, int], int],
) -> bool:
    """Whether the rule gives each value from those of `a` and `b` in its lane."""
    try:
        return all(
            lane in a and lane in b and rule(a[lane], b[lane]) == value  # type: ignore[arg-type]
            for lane, value in values.items()
        )
    except (TypeError, ZeroDivisionError):
        return False


def by_rule(
    values: Vector, bases: Mapping[str, Vector], rules: Sequence[Rule]
) -> Iterator[str]:
    """The expressions with these values that are a rule of one base."""
    for base, known in bases.items():
        for pattern, rule in rules:
            if all(
                lane in known and rule(known[lane]) == value
                for lane, value in values.items()
            ):
                yield pattern.format(base)


def sums(values: Vector, bases: Mapping[str, Vector]) -> Iterator[str]:
    """The sums and differences of two bases that have these values."""
    for a, first in bases.items():
        for b, second in bases.items():
            if a != b and holds(values, first, second, lambda x, y: x - y):
                yield f"{a} - {b}"
            if a < b and holds(values, first, second, lambda x, y: x + y):
                yield f"{a} + {b}"
