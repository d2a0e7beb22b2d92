"""Diagnostics for programs: concise lines, JSON, and GitHub annotations."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from archspec.diagnostics.diagnostic import Diagnostic, Edit, Fix, Label
from archspec.diagnostics.source import Source, Span
from archspec.diagnostics.terminal import printable


def render_concise(diagnostics: Iterable[Diagnostic]) -> str:
    """Return a line per diagnostic: `lenet.yaml:4:5: error[unknown-op]: message`."""
    return "\n".join(
        f"{_place(d.primary.span)}: {d.severity}[{d.code}]: {printable(d.message)}"
        for d in diagnostics
    )


def to_json(diagnostic: Diagnostic) -> dict[str, Any]:
    """Return a diagnostic as JSON data; lines and columns count from 1."""
    span = diagnostic.primary.span
    end_line, end_column = span.end_position
    return {
        "code": diagnostic.code,
        "severity": str(diagnostic.severity),
        "message": diagnostic.message,
        "line": span.line,
        "column": span.column,
        "end_line": end_line,
        "end_column": end_column,
        "help": list(diagnostic.help),
        "notes": list(diagnostic.notes),
        "related": [_related(label, span.source) for label in diagnostic.related],
        "fixes": [_fix(fix) for fix in diagnostic.fixes],
    }


def render_github(diagnostics: Iterable[Diagnostic], checked: str) -> str:
    """Return workflow commands, which GitHub shows as annotations of a pull request.

    `::error file=lenet.yaml,line=4,col=5,...::message`. A finding in a block of another
    file is shown at the step in the `checked` file that calls the block, since the
    other file may not belong to the pull request.
    """
    return "\n".join(_github_command(d, checked) for d in diagnostics)


def _github_command(diagnostic: Diagnostic, checked: str) -> str:
    primary = diagnostic.primary.span
    span = _in_file(checked, diagnostic)
    end_line, end_column = span.end_position
    properties = {
        "file": span.source.name,
        "line": span.line,
        "col": span.column,
        "endLine": end_line,
        "endColumn": end_column,
        "title": f"archspec {diagnostic.code}",
    }
    where = [] if span is primary else [f"in {_place(primary)}"]
    text = "\n".join([diagnostic.message, *where, *diagnostic.notes, *diagnostic.help])
    message = "\n".join(map(printable, text.split("\n")))
    fields = ",".join(f"{k}={_escape(str(v), ':,')}" for k, v in properties.items())
    return f"::{diagnostic.severity} {fields}::{_escape(message)}"


def _in_file(name: str, diagnostic: Diagnostic) -> Span:
    """Return the span of a finding in a file, if it has one: the last is the call."""
    labels = [*diagnostic.related, diagnostic.primary]
    here = [label.span for label in labels if label.span.source.name == name]
    return here[-1] if here else diagnostic.primary.span


def _escape(text: str, also: str = "") -> str:
    """Percent-encode the special characters of a workflow command."""
    for character in "%\r\n" + also:
        text = text.replace(character, f"%{ord(character):02X}")
    return text


def _fix(fix: Fix) -> dict[str, Any]:
    return {"title": fix.title, "edits": [_edit(edit) for edit in fix.edits]}


def _edit(edit: Edit) -> dict[str, Any]:
    end_line, end_column = edit.span.end_position
    return {
        "line": edit.span.line,
        "column": edit.span.column,
        "end_line": end_line,
        "end_column": end_column,
        "text": edit.text,
    }


def _related(label: Label, source: Source) -> dict[str, Any]:
    """Return a related label, with its file if that is another one."""
    span = label.span
    place = {"message": label.message, "line": span.line, "column": span.column}
    return place if span.source is source else {**place, "file": span.source.name}


def _place(span: Span) -> str:
    return f"{printable(span.source.name)}:{span.line}:{span.column}"
