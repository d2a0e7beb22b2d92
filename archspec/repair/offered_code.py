"""Code that a help line offers, in the places where it may belong.

write `10`                 at the finding, or around it: the call, the value, the line
start with `archspec: 1`   as a line of its own
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from archspec.diagnostics.diagnostic import Diagnostic, Edit, Fix
from archspec.diagnostics.source import Span
from archspec.repair.edit_costs import OWN, Candidate

KEY_AND_VALUE = re.compile(r"[\w-]+ ?[:=] ?[^,}\n#]*[^,}\n# ]")
VALUE = re.compile(r"(?<=[:-] )[^#\n]*[^# \n]")
ARGUMENT = re.compile(r"\w+=(?:\([^()]*\)|[^,()\n])+")
MAX_CODES = 3  # of a help line
MAX_LINE = 500  # characters, for the search of places in it
FURTHER = 0.3  # more, for each place that is farther from the finding


def offered_code(finding: Diagnostic) -> Iterator[Candidate]:
    """The code of each help line, put in each place."""
    for codes in finding.offers:
        for number, code in enumerate(codes[:MAX_CODES]):
            for edit, far in _places(finding, code):
                cost = OWN + FURTHER * far + number / 10
                is_strong = len(codes) == 1 and not far
                title = f"write `{code.strip()}`"
                yield Candidate(cost, Fix(title, (edit,), is_strong))


def _places(finding: Diagnostic, code: str) -> Iterator[tuple[Edit, int]]:
    """Where the code may belong, and how far from the finding that is."""
    span = finding.primary.span
    source = span.source
    yield Edit(span, code), 0
    line = source.line(span.line)
    if len(line) > MAX_LINE:
        return
    first = source.line_starts[span.line - 1]
    at = span.start - first
    for far, pattern in enumerate((ARGUMENT, KEY_AND_VALUE, VALUE), start=1):
        for match in pattern.finditer(line):
            if match.start() <= at <= match.end():
                here = source.span(first + match.start(), first + match.end())
                yield Edit(here, code), far
    for call in _calls_around(span):
        yield Edit(call, code), 2
    if finding.code == "missing-step":
        yield Edit(span, f"[{code}]"), 1
        end = first + len(line.rstrip())
        yield Edit(source.span(end, end), f" {code}"), 1
    if finding.code == "missing-key":
        for number in (1, 2):
            if number <= len(source.line_starts):
                start = source.line_starts[number - 1]
                yield Edit(source.span(start, start), f"{code}\n"), number


def _calls_around(span: Span) -> Iterator[Span]:
    """The calls in a line that a place is part of, the innermost first."""
    source, text = span.source, span.source.text
    first = source.line_starts[span.line - 1]
    last = first + len(source.line(span.line))
    for match in re.finditer(r"[a-z_]\w*\(", text[first:last]):
        start, depth = first + match.start(), 0
        for end in range(first + match.end() - 1, last):
            depth += (text[end] == "(") - (text[end] == ")")
            if depth == 0:
                if start <= span.start <= end:
                    yield source.span(start, end + 1)
                break
