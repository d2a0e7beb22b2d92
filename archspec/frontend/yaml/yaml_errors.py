"""What libyaml has to say about a text that is no YAML, in words for a reader."""

from __future__ import annotations

import re

import yaml

from archspec.diagnostics.diagnostic import Findings, Label
from archspec.diagnostics.source import Source, Span

CALL_ON_LINE = re.compile(  # of bounded length, or it looks at long lines for hours
    r"\b[A-Za-z_]\w{0,99}\([^()#\n]{0,200}: [^()#\n]{0,200}\)"
)

# A part of libyaml's words; ours; what helps. `{}` is the character at that place.
PROBLEMS = (
    (
        "mapping values are not allowed",
        "found a second `: ` in one value",
        "put the value in quotes, or start the key on a line of its own",
    ),
    (
        "did not find expected key",
        "this line is indented unlike the lines before it",
        "the keys of one mapping and the steps of one list stand in one column",
    ),
    (
        "did not find expected '-' indicator",
        "expected `- ` or the end of the list, found {}",
        "quote the whole of a value, not a part of it",
    ),
    (
        "did not find expected ','",
        "expected a comma or the closing bracket, found {}",
        "close what is opened, with one comma between two items",
    ),
    (
        "did not find expected node content",
        "expected a value or the closing bracket, found {}",
        "close what is opened",
    ),
    (
        "could not find expected ':'",
        "expected `: ` behind a key",
        "a step of a list starts with `- `",
    ),
    (
        "cannot start any token",
        "a value cannot start with {}",
        "put the value in quotes",
    ),
    (
        "did not find expected comment or line break",
        "YAML reads the sign before {} as the start of a text",
        "a chain starts with a call: `conv(64, k=3) | relu`",
    ),
    (
        "unexpected end of stream",
        "a quote is opened and not closed",
        "close it with the quote that opens it",
    ),
    (
        "block sequence entries are not allowed",
        "a list cannot start on the line of its key",
        "start it on the next line",
    ),
    (
        "unknown escape character",
        "`\\` starts an escape inside of double quotes",
        "write `\\\\` for the character itself, or use single quotes",
    ),
)
CONTEXTS = {"sequence": "the list starts here", "mapping": "the mapping starts here"}


def report_colon(call: Span, findings: Findings) -> None:
    """Record a call whose `: ` YAML takes for the end of a key."""
    text = re.sub(r"\s*: ", "=", " ".join(call.text.split()))
    findings.error(
        "split-call",
        "YAML reads the `:` in this call as the end of a key",
        call,
        help=f"write `{text}`",
    )


def report_yaml_error(
    source: Source, start: int, error: yaml.MarkedYAMLError, findings: Findings
) -> None:
    """Record an error of libyaml, which has read the source from `start` on."""
    mark = error.problem_mark or error.context_mark
    offset = min(start + (mark.index if mark else 0), len(source.text))
    problem = error.problem or ""
    line = source.position(offset)[0]
    start_of_line = source.line_starts[line - 1]
    call = CALL_ON_LINE.search(
        source.text, start_of_line, start_of_line + len(source.line(line))
    )
    if "mapping values are not allowed" in problem and call:
        report_colon(source.span(*call.span()), findings)
        return
    message, help = _in_words(problem, _shown(source.text, offset))
    if "expected '-' indicator" in problem and _follows_comment(source, offset):
        message = "the comment above ends the value before it"
        help = "move the comment behind the whole value"
    findings.error(
        "invalid-yaml",
        message,
        source.span(offset, offset + 1),
        related=_opened(source, start, error, offset),
        help=help,
    )


def _in_words(problem: str, character: str) -> tuple[str, str]:
    for part, message, help in PROBLEMS:
        if part in problem:
            return message.replace("{}", character), help
    return f"this is not YAML: {problem}", ""


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
    """The bracket or quote that is open, where that explains the error."""
    mark, context = error.context_mark, error.context or ""
    if mark is None or start + mark.index == offset or "block" in context:
        return []
    kinds = (text for word, text in CONTEXTS.items() if word in context)
    kind = next(kinds, "it starts here")
    at = start + mark.index
    return [Label(source.span(at, at + 1), kind)]
