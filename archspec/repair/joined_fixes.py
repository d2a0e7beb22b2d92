"""Two fixes as one: of a mistake, and of another one that it has hidden.

add: [conv(4, k=3), relu]    add: ["conv(4, k=3)", relu]    add: ["conv(4, k=3, p=1)", relu]
"""

from __future__ import annotations

from archspec.diagnostics.diagnostic import Diagnostic, Edit, Fix
from archspec.repair.trial import apply_edits


def joined(first: Fix, second: Fix, finding: Diagnostic, uncovered: Diagnostic) -> Fix:
    """Join the fix of a finding and that of an error in the text that it makes."""
    source, text = finding.primary.span.source, uncovered.primary.span.source
    old, new = source.text, apply_edits(text, second.edits).text
    start = _common(old, new)
    tail = _common(old[start:][::-1], new[start:][::-1])
    edit = Edit(source.span(start, len(old) - tail), new[start : len(new) - tail])
    title, line = second.title, second.edits[0].span.line
    if finding.primary.span.line != line == uncovered.primary.span.line:
        title = f"in line {line} {_title(second)}"
    if not _is_replaced(first, second):
        title = f"{_title(first)}, and {title}"
    return Fix(title, (edit,), first.is_strong and second.is_strong)


def _common(one: str, other: str) -> int:
    """The length of the start that two texts share."""
    pairs = enumerate(zip(one, other, strict=False))
    return next((n for n, (a, b) in pairs if a != b), min(len(one), len(other)))


def _title(fix: Fix) -> str:
    """What a fix writes, also if its title is a question."""
    text = fix.edits[0].text
    return f"write `{text}`" if len(fix.edits) == 1 and text else fix.title


def _is_replaced(first: Fix, second: Fix) -> bool:
    """Whether a second fix replaces all that a first one has written."""
    start, text = first.edits[0].span.start, first.edits[0].text
    span = second.edits[0].span
    is_within = span.start <= start and start + len(text) <= span.end
    return len(first.edits) == 1 and is_within
