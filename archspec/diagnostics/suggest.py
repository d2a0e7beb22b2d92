"""Guess which name was meant."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches


def closest(name: str, names: Iterable[str], cutoff: float = 0.6) -> str | None:
    """The known name nearest to a mistyped one, if any is near.

    >>> closest("conv2", ["conv", "maxpool"])
    'conv'
    """
    known = sorted(set(names))
    by_folded = {candidate.casefold(): candidate for candidate in known}
    near = get_close_matches(name.casefold(), by_folded, n=1, cutoff=cutoff)
    return by_folded[near[0]] if near else None


def did_you_mean(name: str, names: Iterable[str]) -> str:
    """A help line that proposes the nearest known name, or nothing."""
    match = closest(name, names)
    return f"did you mean `{match}`?" if match else ""
