"""A name that the language has taken: the fix writes another one wherever it stands."""

from __future__ import annotations

import pytest

from archspec.diagnostics.source import Source
from archspec.fixing import fix_source
from archspec.repair.trial import apply_edits
from specs import check

TEXT = """\
archspec: 1
input: 3x8x8
params: {tied: 2, sub: 3}
blocks:
  each(c): conv(c, k=1)
net:
  - repeat: each(tied + none)
    for: {none: [1, 2]}
  - conv(sub, k=1)
"""


def test_every_use_is_renamed() -> None:
    fixed = fix_source(Source("spec.yaml", TEXT))
    assert fixed.result.ok
    words = {"tied": 2, "sub": 2, "each": 2, "none": 2}
    assert {word: fixed.source.text.count(f"{word}_") for word in words} == words


LABELS = ("none", "tied", "sub", "maximum", "each", "collect", "as", "add", "split")


@pytest.mark.parametrize("word", LABELS)
def test_a_word_of_the_language_as_a_label_is_renamed(word: str) -> None:
    text = (
        f"net:\n  - {word}: conv(3, k=1)\n  - end: {{add: [identity, ref({word})]}}\n"
    )
    result = check(f"{text}outputs: [{word}, end]\n")
    (found,) = result.diagnostics
    fixed = apply_edits(found.primary.span.source, found.fixes[0].edits)
    lines = fixed.text.splitlines()[-3:]
    assert lines == [
        f"  - {word}_: conv(3, k=1)",
        f"  - end: {{add: [identity, ref({word}_)]}}",
        f"outputs: [{word}_, end]",
    ]
