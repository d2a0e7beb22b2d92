"""Comments that silence warnings of their line: `# archspec: ignore[unused-name]`."""

from __future__ import annotations

import re

from archspec.diagnostics.source import Span

COMMENT = re.compile(r"#\s*archspec:\s*ignore\[([^\]]*)\]")


def is_ignored(code: str, span: Span) -> bool:
    """Whether a comment in the line of a finding names its code."""
    line = span.source.line(span.line)
    comment = (
        COMMENT.search(line) if "archspec:" in line else None
    )  # a line may be long
    return comment is not None and code in re.split(r"[,\s]+", comment[1])
