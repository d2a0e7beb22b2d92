"""A name that the language has taken: the fix writes another one wherever it stands."""

from __future__ import annotations

from archspec.diagnostics.source import Source
from archspec.fixing import fix_source

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
