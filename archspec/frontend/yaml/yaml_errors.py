"""Report what libyaml refuses, in words for the author of a spec.

PyYAML's errors carry no codes, so this file recognizes them by libyaml's wording.
"""

from __future__ import annotations

import re
from typing import NamedTuple

import yaml

from archspec.diagnostics.diagnostic import Findings, Label, write
from archspec.diagnostics.source import Source, Span

CALL_ON_LINE = re.compile(  # bounded: on long lines, the search would take hours
    r"\b[A-Za-z_]\w{0,99}\([^()#\n]{0,200}: [^()#\n]{0,200}\)"
)
ITEM_SIGN = re.compile(r"[][(){}]|, *| *: +|\n *")  # around the items of a collection
MAX_ITEM = 500  # characters of a collection that are searched


class Problem(NamedTuple):
    """A problem that libyaml reports, in our words."""

    wording: str
    """A part of libyaml's text."""

    message: str
    """`{}` stands for the character at which libyaml stopped."""

    help: str


SECOND_COLON = Problem(
    "mapping values are not allowed",
    "found a second `: ` in one value",
    "put the value in quotes, or start the key on a line of its own",
)
MISSING_COMMA = Problem(
    "did not find expected ','",
    "expected a comma or the closing bracket, found {}",
    "close all brackets, and put one comma between two items",
)
MISSING_DASH = Problem(
    "did not find expected '-' indicator",
    "expected `- ` or the end of the list, found {}",
    "start each item of a list with `- `",
)
PROBLEMS = (
    SECOND_COLON,
    MISSING_DASH,
    Problem(
        "did not find expected key",
        "this line is indented unlike the lines before it",
        "align the keys of a mapping and the steps of a list",
    ),
    MISSING_COMMA,
    Problem(
        "did not find expected node content",
        "expected a value or the closing bracket, found {}",
        "close all brackets and quotes",
    ),
    Problem(
        "could not find expected ':'",
        "expected `: ` after a key",
        "a step of a list starts with `- `",
    ),
    Problem(
        "cannot start any token",
        "a value cannot start with {}",
        "put the value in quotes",
    ),
    Problem(
        "did not find expected comment or line break",
        "YAML reads the sign before {} as the start of a text",
        "a chain starts with a call: `conv(64, k=3) | relu`",
    ),
    Problem(
        "unexpected end of stream",
        "a quote is opened and not closed",
        "close it with the quote that opens it",
    ),
    Problem(
        "block sequence entries are not allowed",
        "a list cannot start on the line of its key",
        "start it on the next line",
    ),
    Problem(
        "unknown escape character",
        "`\\` starts an escape inside of double quotes",
        "write `\\\\` for the character itself, or use single quotes",
    ),
)
# What libyaml was reading, by a word in its text.
CONTEXTS = {"sequence": "the list starts here", "mapping": "the mapping starts here"}


def report_colon_in_call(call: Span, findings: Findings) -> None:
    """Report a call whose `: ` YAML takes for the end of a key: `conv(64, k: 3)`."""
    text = re.sub(r"\s*: ", "=", " ".join(call.text.split()))
    findings.error(
        "split-call",
        "YAML treats the `:` in this call as a key separator",
        call,
        help=write(text),
    )


def report_yaml_error(
    source: Source, start: int, error: yaml.MarkedYAMLError, findings: Findings
) -> None:
    """Report an error of libyaml, which has read the source from `start` on."""
    mark = error.problem_mark or error.context_mark
    offset = min(start + (mark.index if mark else 0), len(source.text))
    problem = _recognize(error.problem or "")
    call = _call_on_line(source, offset)
    if problem is SECOND_COLON and call:
        report_colon_in_call(call, findings)
        return
    item = _item_at(source, start, error, offset) if problem is MISSING_COMMA else None
    if item:
        findings.error(
            "split-call",
            f"within brackets, YAML ends a text before `{source.text[offset]}`",
            item,
            help=write(f'"{item.text}"', " in quotes"),
        )
        return
    message = problem.message.replace("{}", _shown(source.text, offset))
    help = problem.help
    if problem is MISSING_DASH and _follows_comment(source, offset):
        message = "the comment above ends the value before it"
        help = "move the comment after the whole value"
    elif problem is MISSING_DASH and _line_before(source, offset):
        help = "quote the whole of a value, not a part of it"
    findings.error(
        "invalid-yaml",
        message,
        source.span(offset, offset + 1),
        related=_opened(source, start, error, offset),
        help=help,
    )


def _line_before(source: Source, offset: int) -> str:
    """What stands in a line before a place."""
    start = source.line_starts[source.position(offset)[0] - 1]
    return source.text[start:offset].strip()


def _recognize(wording: str) -> Problem:
    for problem in PROBLEMS:
        if problem.wording in wording:
            return problem
    return Problem(wording, f"this is not YAML: {wording}", "")


def _call_on_line(source: Source, offset: int) -> Span | None:
    """Find a call with a `: ` in the line of a character."""
    number = source.position(offset)[0]
    start = source.line_starts[number - 1]
    call = CALL_ON_LINE.search(source.text, start, start + len(source.line(number)))
    return source.span(*call.span()) if call else None


def _item_at(
    source: Source, start: int, error: yaml.MarkedYAMLError, offset: int
) -> Span | None:
    """Find the item or key of a flow collection that libyaml has cut at `{` or `[`."""
    text = source.text
    mark = error.context_mark
    is_cut = re.fullmatch(r"[\w(][{[]", text[offset - 1 : offset + 1])
    if mark is None or not is_cut:
        return None
    first = start + mark.index + 1
    depth = 0
    for match in ITEM_SIGN.finditer(text, first, first + MAX_ITEM):
        sign = match.group()
        if sign in "([{":
            depth += 1
        elif depth and sign in ")]}":
            depth -= 1
        elif depth == 0 and match.start() > offset:
            item = source.span(first, match.start())
            return source.span(first, first + len(item.text.rstrip()))
        elif depth == 0:
            first = match.end()
    return None


def _follows_comment(source: Source, offset: int) -> bool:
    line = source.position(offset)[0]
    return line > 1 and " #" in source.line(line - 1)


def _shown(text: str, offset: int) -> str:
    if offset >= len(text):
        return "the end"
    return f"`{text[offset]}`" if text[offset] != "\n" else "the end of the line"


def _opened(
    source: Source, start: int, error: yaml.MarkedYAMLError, offset: int
) -> list[Label]:
    """Label the bracket or quote that is still open, if that explains the error."""
    mark, context = error.context_mark, error.context or ""
    if mark is None or start + mark.index == offset or "block" in context:
        return []
    kinds = (text for word, text in CONTEXTS.items() if word in context)
    kind = next(kinds, "it starts here")
    at = start + mark.index
    return [Label(source.span(at, at + 1), kind)]
