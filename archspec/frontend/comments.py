"""Comments of a spec that describe the block or step below them."""

from __future__ import annotations

import re

from archspec.diagnostics.source import Span

MAX_COMMENT = 20  # lines
BEHIND = re.compile(r'["\']?:\s+#+\s*(.*?)\s*')  # what is left of a signature's line


def comment_of_block(span: Span) -> str:
    """Return the comment above a block's signature, or after it on its line.

    `unit(c): # two convolutions`
    """
    start = span.source.line_starts[span.line - 1]
    behind = BEHIND.fullmatch(span.source.line(span.line)[span.end - start :])
    return _comment(span, span.line) or (behind[1] if behind else "")


def comment_of_step(span: Span) -> str:
    """Return the comment above a step, if the call at `span` is the first in the step.

    In `conv(8, k=3) | relu`, it belongs to `conv`.
    """
    if not _is_first(span):
        return ""
    number = span.line
    while number > 1 and _opens_a_step(span.source.line(number - 1).strip()):
        number -= 1
    return _comment(span, number)


def _is_first(span: Span) -> bool:
    """Whether no other call, and no bracket, is before a call in its line."""
    for at in range(span.start - 1, -1, -1):  # short, also in the longest line
        if span.source.text[at] in "\n|([{,":
            return span.source.text[at] == "\n"
    return True


def _opens_a_step(line: str) -> bool:
    """Whether the step begins on the next line, as after `- repeat:`."""
    is_opening = line.endswith(":") or line.startswith("- if:")
    return line == "net:" or (line.startswith("-") and is_opening)


def _comment(span: Span, before: int) -> str:
    """Join the lines of the comment that ends above the line `before`."""
    lines: list[str] = []
    for number in range(before - 1, max(0, before - 1 - MAX_COMMENT), -1):
        line = span.source.line(number).strip()
        if not line.startswith("#"):
            break
        lines.insert(0, line.lstrip("# "))
    return " ".join(lines)
