"""The longest common subsequence, against its definition."""

from __future__ import annotations

from difflib import SequenceMatcher
from itertools import combinations, pairwise

from hypothesis import given
from hypothesis import strategies as st

from archspec.passes.alignment import MAX_EDITS, longest_common_subsequence

WORDS = st.text("abc", max_size=8)


def longest(before: str, after: str) -> int:
    """Return its length, by brute force."""
    return max(
        size
        for size in range(len(before) + 1)
        for part in combinations(before, size)
        if is_part(part, after)
    )


def is_part(part: tuple[str, ...], word: str) -> bool:
    rest = iter(word)
    return all(letter in rest for letter in part)


@given(WORDS, WORDS)
def test_finds_as_much_as_there_is(before: str, after: str) -> None:
    pairs = longest_common_subsequence(before, after)
    assert all(before[a] == after[b] for a, b in pairs)
    assert len(pairs) == longest(before, after)
    for (a, b), (c, d) in pairwise(pairs):
        assert a < c
        assert b < d


def test_where_difflib_finds_less() -> None:
    """The reason for an algorithm of our own."""
    before, after = "abababab", "xabyababab"
    assert len(longest_common_subsequence(before, after)) == 8
    matcher = SequenceMatcher(None, before, after, autojunk=False)
    assert sum(block.size for block in matcher.get_matching_blocks()) == 6


def test_long_sequences_without_anything_longest_common_subsequence() -> None:
    ours, theirs = range(MAX_EDITS), range(MAX_EDITS, 2 * MAX_EDITS)
    assert longest_common_subsequence(ours, theirs) == []
