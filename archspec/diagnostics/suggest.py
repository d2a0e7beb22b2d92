"""Suggestions for mistyped names."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import SequenceMatcher, get_close_matches
from functools import lru_cache

from archspec.diagnostics.diagnostic import Replacement

MAX_LENGTH = 50
MAX_NAMES = 200  # to compare with; those with the same first letter come first


def closest(
    name: str, names: Iterable[str], cutoff: float = 0.6, *, words: bool = True
) -> str | None:
    """Return the known name that is closest to a mistyped one, if any is close.

    With `words`, a word of a name may be as close.

    >>> closest("conv2", ["conv", "maxpool"]), closest("kernal", ["kernel_size"])
    ('conv', 'kernel_size')
    """
    return _closest(name, frozenset(names), cutoff, words)


@lru_cache  # a repeat evaluates the same mistake many times
def _closest(
    name: str, names: frozenset[str], cutoff: float, has_words: bool
) -> str | None:
    if len(name) > MAX_LENGTH:
        return None
    short = [other for other in names if len(other) <= MAX_LENGTH]
    known = sorted(short, key=lambda other: (other[:1] != name[:1], other))[:MAX_NAMES]
    whole = {candidate.casefold(): candidate for candidate in known}
    words = {
        word.casefold(): candidate
        for candidate in reversed(known if has_words else [])
        for word in candidate.split("_")[:-1]
        if len(word) > 2
    }
    for table, least in ((whole, cutoff), (words, max(cutoff, 0.8))):
        near = get_close_matches(name.casefold(), table, n=1, cutoff=least)
        if near:
            return table[near[0]]
    return None


def nearest_first(name: str, names: Iterable[str]) -> list[str]:
    """Return names by how near in spelling they are to another one.

    >>> nearest_first("d2", ["stem", "d1"])
    ['d1', 'stem']
    """
    return sorted(
        names,
        key=lambda other: SequenceMatcher(None, name, other).ratio(),
        reverse=True,
    )


def did_you_mean(name: str, names: Iterable[str]) -> str:
    """Return a help line with the closest known name, or ""."""
    match = closest(name, names)
    return Replacement(f"did you mean `{match}`?", match) if match else ""
