"""Brackets that are missing, too many, or of another kind.

conv(64, k=7 | relu          conv(64, k=7) | relu
(64, (96, 128, (16, 32), 8)  (64, (96, 128), (16, 32), 8)
linear 10                    linear(10)
conv{64, k=7}                conv(64, k=7)
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from archspec.diagnostics.diagnostic import Diagnostic, Edit
from archspec.diagnostics.source import Source, Span
from archspec.repair.edit_costs import SYNTAX, Candidate
from archspec.repair.syntax_edits import last_of_block, line_edit

CODES = ("invalid-syntax", "split-call", "invalid-label", "invalid-step")
CLOSES = {"(": ")", "[": "]"}
OTHER_KIND = str.maketrans("()[]", "[]()")
BEFORE_A_CLOSER = re.compile(r"(?<=[\w\"')\]])(?=\s*(?:[,)\]|:]|->|$))")
BEFORE_AN_OPENER = re.compile(r"(?<![^\s(\[])(?<!\w )(?=[\w(])")
ARGUMENTS = re.compile(r"\w[^|()\[\]]*?(?=\s*(?:\||->|$))")
MAX_TEXT = 600  # characters, for the search of places in them


def bracket_edits(finding: Diagnostic) -> Iterator[Candidate]:
    """Edits that balance the brackets of a step, those near the finding first."""
    source, start, _ = finding.primary.span
    step = _step_around(source, start)
    if finding.code not in CODES or len(step.text) > MAX_TEXT:
        return
    text = re.sub(r"#.*", lambda comment: " " * len(comment[0]), step.text)
    for place, old, new in _changes(text):
        if _is_balanced(text[:place] + new + text[place + len(old) :]):
            at = step.start + place
            far = min(abs(at - start), 100) / 1000
            yield line_edit(source, at, at + len(old), new, far)
    yield from _calls(text, start - step.start, step)


def _changes(text: str) -> Iterator[tuple[int, str, str]]:
    """Places in a text, what is there, and what may belong there."""
    for match in BEFORE_A_CLOSER.finditer(text):
        yield from ((match.start(), "", sign) for sign in ")]")
    for match in BEFORE_AN_OPENER.finditer(text):
        yield from ((match.start(), "", sign) for sign in "([")
    for match in re.finditer(r"(?<=\w) (?=[\w(])", text):
        yield match.start(), " ", "("
    for match in re.finditer(r"[()\[\]]", text):
        yield match.start(), match[0], ""
        yield match.start(), match[0], match[0].translate(OTHER_KIND)


def _calls(text: str, at: int, step: Span) -> Iterator[Candidate]:
    """Arguments that have no parentheses, or brackets in their place."""
    name = re.search(r"\w+ *$", text[:at])
    rest = text[at:]
    if name is None:
        return
    if rest.startswith(("[", "{")):
        end = _end(rest)
        arguments = rest[1 : end - (rest[end - 1] in "]}")]
    elif given := ARGUMENTS.match(rest):
        end, arguments = given.end(), given[0]
    else:
        return
    call = f"{name[0].strip()}({arguments})"
    edits = [(at - len(name[0]), at + end, call)]
    if rest.startswith("["):
        edits.append((name.start(), name.start(), "repeat: "))
    for number, (first, last, new) in enumerate(edits):
        span = step.source.span(step.start + first, step.start + last)
        title = " ".join(
            (text[name.start() : first] + new + text[last : at + end]).split()
        )
        cost = SYNTAX + 0.1 + number / 10
        yield Candidate.of(cost, f"write `{title}`", Edit(span, new))


def _end(text: str) -> int:
    """The end of the brackets with which a text starts, or of the text."""
    depth = 0
    for place, sign in enumerate(text, start=1):
        depth += (sign in "([{") - (sign in ")]}")
        if depth == 0:
            return place
    return len(text.rstrip())


def _is_balanced(text: str) -> bool:
    closers: list[str] = []
    for sign in text:
        if sign in CLOSES:
            closers.append(CLOSES[sign])
        elif sign in ")]" and (not closers or closers.pop() != sign):
            return False
    return not closers


def _step_around(source: Source, start: int) -> Span:
    """The lines of the step or the value that a place is in."""
    first = source.position(start)[0]
    while first > 1 and not re.match(r" *(- |[\w{}]+:)", source.line(first)):
        first -= 1
    line = source.line(first)
    last = last_of_block(source, first, len(line) - len(line.lstrip()) + 1)
    end = source.line_starts[last - 1] + len(source.line(last))
    return source.span(source.line_starts[first - 1], end)
