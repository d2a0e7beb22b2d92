"""The longest common subsequence of two sequences, which aligns their items."""

from __future__ import annotations

from collections.abc import Hashable, Sequence

MAX_EDITS = 1000  # two networks that differ more have nothing in common worth showing

# A linked list of runs of equal items, the last one first: the index of a run in each
# sequence, its length, and the run before it.
_Runs = tuple[int, int, int, "_Runs"] | None


def longest_common_subsequence(
    before: Sequence[Hashable], after: Sequence[Hashable]
) -> list[tuple[int, int]]:
    """Return the pairs of indexes of as many equal items as possible, in order.

    >>> longest_common_subsequence("abcd", "acbd")
    [(0, 0), (2, 1), (3, 3)]

    This is Myers' O(ND) algorithm (1986). difflib takes the longest run first, which in
    a network of equal units often aligns a unit with the wrong one.
    """
    # By diagonal, x - y: the furthest x that some number of edits reaches, and the runs
    # on the way.
    furthest: dict[int, tuple[int, _Runs]] = {1: (0, None)}
    for edits in range(min(len(before) + len(after), MAX_EDITS) + 1):
        for diagonal in range(-edits, edits + 1, 2):
            x, runs = _edit(furthest, diagonal, edits)
            start, y = x, x - diagonal
            while x < len(before) and y < len(after) and before[x] == after[y]:
                x, y = x + 1, y + 1
            if x > start:
                runs = (start, start - diagonal, x - start, runs)
            if x >= len(before) and y >= len(after):
                return _pairs(runs)
            furthest[diagonal] = x, runs
    return []


def _edit(
    furthest: dict[int, tuple[int, _Runs]], diagonal: int, edits: int
) -> tuple[int, _Runs]:
    """Skip an item of either sequence, from the neighbor that has reached further."""
    below, above = furthest.get(diagonal - 1), furthest.get(diagonal + 1)
    if below is None or diagonal == -edits:
        assert above
        return above
    if above is not None and diagonal != edits and below[0] < above[0]:
        return above
    x, runs = below
    return x + 1, runs


def _pairs(runs: _Runs) -> list[tuple[int, int]]:
    found: list[tuple[int, int]] = []
    while runs:
        x, y, length, runs = runs
        found += ((x + n, y + n) for n in reversed(range(length)))
    return found[::-1]
