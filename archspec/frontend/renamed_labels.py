"""Another label for a step, also where `ref`, `tied` and `outputs` read it.

- none: conv(8, k=3)        - none_: conv(8, k=3)
- ref(none) | relu          - ref(none_) | relu
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from archspec.diagnostics.diagnostic import Edit, Fix
from archspec.diagnostics.source import Span

OUTPUTS = re.compile(r"^outputs:[^#\n]*", re.MULTILINE)


def renamed_label(label: Span, new: str, *, is_strong: bool = True) -> Fix:
    """The fix that gives a step another label."""
    edits = [Edit(label, new), *(Edit(read, new) for read in _reads(label))]
    return Fix(f"write `{new}`", tuple(edits), is_strong)


def _reads(label: Span) -> Iterator[Span]:
    """The places where a path of labels has this one in it."""
    source, word = label.source, re.escape(label.text.strip("\"'"))
    paths = rf"\b(?:ref|tied|\w+_like)\((?:[\w-]+\.)*({word})(?=[.)])"
    for match in re.finditer(paths, source.text):
        yield source.span(*match.span(1))
    for outputs in OUTPUTS.finditer(source.text):
        for match in re.finditer(rf"(?<![\w-]){word}(?![\w:-])", outputs[0]):
            start = outputs.start()
            yield source.span(start + match.start(), start + match.end())
