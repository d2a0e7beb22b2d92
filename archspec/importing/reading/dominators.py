"""Dominators of a dataflow: what every path from the inputs passes."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from typing import TypeVar

Key = TypeVar("Key", bound=Hashable)


def immediate_dominators(
    order: Sequence[Key], sources: Mapping[Key, Sequence[Key]]
) -> dict[Key, Key | None]:
    """The nearest dominator of each value; None for one that has none.

    Args:
        order: the values, each after those it is made of.
        sources: what each is made of.

    >>> immediate_dominators("abcd", {"a": "", "b": "a", "c": "a", "d": "bc"})
    {'a': None, 'b': 'a', 'c': 'a', 'd': 'a'}
    """
    nearest: dict[Key, Key | None] = {}
    depths: dict[Key | None, int] = {None: 0}
    for value in order:
        common: Key | None = None
        for number, source in enumerate(sources[value]):
            common = source if number == 0 else _meet(common, source, nearest, depths)
        nearest[value] = common
        depths[value] = depths[common] + 1
    return nearest


def _meet(
    first: Key | None,
    second: Key | None,
    nearest: Mapping[Key, Key | None],
    depths: Mapping[Key | None, int],
) -> Key | None:
    while first != second:
        if depths[first] < depths[second]:
            first, second = second, first
        assert first is not None
        first = nearest[first]
    return first
