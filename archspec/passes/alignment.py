"""Which items two sequences have in common, in an order that both have."""

from __future__ import annotations

from collections.abc import Hashable, Sequence

MOST_EDITS = 1000  # beyond them, two networks have nothing in common worth showing

# A run of equal items: where it starts in each sequence, its length, the run before it.
_Runs = tuple[int, int, int, "_Runs"] | None


def in_common(
    before: Sequence[Hashable], after: Sequence[Hashable]
) -> list[tuple[int, int]]:
    """Places of as many equal items as can be, by Myers' O(ND) algorithm (1986).

    difflib takes the longest run first, which in a network of equal units is often one
    that belongs elsewhere.
    """
    # By diagonal, x - y: how far the sequences are read, and what was equal on the way.
    furthest: dict[int, tuple[int, _Runs]] = {1: (0, None)}
    for edits in range(min(len(before) + len(after), MOST_EDITS) + 1):
        for diagonal in range(-edits, edits + 1, 2):
            x, runs = _step(furthest, diagonal, edits)
            start, y = x, x - diagonal
            while x < len(before) and y < len(after) and before[x] == after[y]:
                x, y = x + 1, y + 1
            if x > start:
                runs = (start, start - diagonal, x - start, runs)
            if x >= len(before) and y >= len(after):
                return _places(runs)
            furthest[diagonal] = x, runs
    return []


def _step(
    furthest: dict[int, tuple[int, _Runs]], diagonal: int, edits: int
) -> tuple[int, _Runs]:
    """One item more of either sequence is left out, from where that leads furthest."""
    below, above = furthest.get(diagonal - 1), furthest.get(diagonal + 1)
    if below is None or diagonal == -edits:
        assert above
        return above
    if above is not None and diagonal != edits and below[0] < above[0]:
        return above
    x, runs = below
    return x + 1, runs


def _places(runs: _Runs) -> list[tuple[int, int]]:
    found: list[tuple[int, int]] = []
    while runs:
        x, y, length, runs = runs
        found += ((x + n, y + n) for n in reversed(range(length)))
    return found[::-1]
