"""The values that one argument has, by the lane of a template."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from archspec.importing.steps import Value

Vector = dict[int, Value]  # by lane


def same(a: Vector, b: Mapping[int, Value]) -> bool:
    """Whether `b` has all the values of `a`; `True` is not 1."""
    return all(
        lane in b
        and b[lane] == value
        and isinstance(value, bool) == isinstance(b[lane], bool)
        for lane, value in a.items()
    )


def is_constant(values: Vector) -> bool:
    """Whether all values are the same."""
    first = next(iter(values.values()))
    return same(values, dict.fromkeys(values, first))


def most_common(values: Vector) -> Value:
    """The most frequent value, the first of several."""
    texts = {lane: repr(value) for lane, value in values.items()}
    ((text, _),) = Counter(texts.values()).most_common(1)
    return next(values[lane] for lane, found in texts.items() if found == text)


def has_another_first(values: Vector) -> bool:
    """Whether all values but the first are the same."""
    rest = {lane: value for lane, value in values.items() if lane > 0}
    return len(rest) < len(values) and is_constant(rest)


def alternates(values: Vector) -> bool:
    """Whether two values take turns, at least twice."""
    return len(values) > 3 and all(v == values[lane % 2] for lane, v in values.items())


def counts_up(values: Vector) -> bool:
    """Whether each value is 1 more than the one before."""
    return all(value == values[0] + lane for lane, value in values.items())  # type: ignore[operator]
