"""Render diagnostics: framed text, one line each, JSON, and GitHub annotations."""

from __future__ import annotations

import os
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from archspec.diagnostics.diagnostic import Diagnostic, Label
from archspec.diagnostics.source import Source

LINE_WIDTH = 110  # longer source lines are cut around what they are about
CUT = "..."
STYLES = {"error": "1;31", "warning": "1;33", "frame": "1;34", "bold": "1"}


def use_color(stream: Any) -> bool:
    """Whether a stream is a terminal whose user has not declined colour."""
    return bool(stream.isatty()) and not os.environ.get("NO_COLOR")


def render_full(diagnostics: Iterable[Diagnostic], *, color: bool = False) -> str:
    """Each diagnostic with the lines it is about, labels under them, and help."""
    return "\n\n".join(_Frame(color).render(d) for d in diagnostics)


def render_concise(diagnostics: Iterable[Diagnostic]) -> str:
    """`file:line:column: error[code]: message`, one line each."""
    return "\n".join(
        f"{printable(d.primary.span.source.name)}:{d.primary.span.line}:"
        f"{d.primary.span.column}: {d.severity}[{d.code}]: {printable(d.message)}"
        for d in diagnostics
    )


def render_github(diagnostics: Iterable[Diagnostic]) -> str:
    """Workflow commands that GitHub shows as annotations of a pull request."""
    return "\n".join(_github_command(d) for d in diagnostics)


def to_json(diagnostic: Diagnostic) -> dict[str, Any]:
    """The diagnostic as plain data; lines and columns count from 1."""
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
    }


def _related(label: Label, source: Source) -> dict[str, Any]:
    """A related place; one in another file names it."""
    span = label.span
    place = {"message": label.message, "line": span.line, "column": span.column}
    return place if span.source is source else {**place, "file": span.source.name}


def printable(text: str) -> str:
    """The text with control characters replaced: a spec is untrusted input."""
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text)


def _github_command(diagnostic: Diagnostic) -> str:
    span = diagnostic.primary.span
    end_line, end_column = span.end_position
    properties = {
        "file": span.source.name,
        "line": span.line,
        "col": span.column,
        "endLine": end_line,
        "endColumn": end_column,
        "title": f"archspec {diagnostic.code}",
    }
    lines = "\n".join([diagnostic.message, *diagnostic.help]).split("\n")
    message = "\n".join(printable(line) for line in lines)
    fields = ",".join(f"{k}={_escape(str(v), ':,')}" for k, v in properties.items())
    return f"::{diagnostic.severity} {fields}::{_escape(message)}"


def _escape(text: str, also: str = "") -> str:
    """Percent-encode what a workflow command gives a meaning to."""
    for character in "%\r\n" + also:
        text = text.replace(character, f"%{ord(character):02X}")
    return text


@dataclass(frozen=True, slots=True)
class _Window:
    """The part of a line that is shown: all of it, or what is around a place."""

    text: str
    left: int
    right: int

    @classmethod
    def around(cls, text: str, place: int) -> _Window:
        if len(text) <= LINE_WIDTH:
            return cls(text, 0, len(text))
        left = min(max(0, place - LINE_WIDTH // 2), len(text) - LINE_WIDTH)
        return cls(text, left, left + LINE_WIDTH)

    @property
    def shown(self) -> str:
        """The part, with dots where it is cut."""
        before = CUT if self.left else ""
        after = CUT if self.right < len(self.text) else ""
        return before + printable(self.text[self.left : self.right]) + after

    def underline(self, start: int, length: int, mark: str) -> tuple[str, str]:
        """The space before and the marks under some characters, as wide as they are."""
        first = min(max(start, self.left), self.right)
        last = max(first, min(start + length, self.right))
        pad = len(CUT) * bool(self.left) + _cells(self.text[self.left : first])
        return " " * pad, mark * max(1, _cells(self.text[first:last]))


def _cells(text: str) -> int:
    """How many columns of a terminal a text takes."""
    wide = sum(unicodedata.east_asian_width(c) in "WF" for c in text)
    return len(text) + wide - sum(unicodedata.combining(c) > 0 for c in text)


class _Frame:
    """The drawing of one diagnostic."""

    def __init__(self, color: bool) -> None:
        self.color = color

    def render(self, diagnostic: Diagnostic) -> str:
        severity = str(diagnostic.severity)
        labels = [diagnostic.primary, *diagnostic.related]
        self.gutter = max(len(str(label.span.line)) for label in labels)
        head = self.paint(f"{severity}[{diagnostic.code}]", severity)
        lines = [head + self.paint(f": {printable(diagnostic.message)}", "bold")]
        for source in dict.fromkeys(label.span.source for label in labels):
            here = [label for label in labels if label.span.source is source]
            lines += self.excerpt(source, here, diagnostic.primary, severity)
        foot = [("note", note) for note in diagnostic.notes]
        foot += [("help", text) for text in diagnostic.help]
        if foot:
            lines.append(self.margin("|"))
        for kind, text in foot:
            for number, line in enumerate(text.split("\n")):
                start = f"= {kind}: " if number == 0 else " " * (len(kind) + 4)
                lines.append(f"{' ' * self.gutter} {start}{printable(line)}".rstrip())
        return "\n".join(lines)

    def excerpt(
        self, source: Source, labels: Sequence[Label], primary: Label, severity: str
    ) -> list[str]:
        first = primary if primary in labels else labels[0]
        arrow = "-->" if first is primary else ":::"
        place = f"{printable(source.name)}:{first.span.line}:{first.span.column}"
        lines = [f"{' ' * self.gutter}{self.paint(arrow, 'frame')} {place}"]
        if not source.text:
            return lines
        lines.append(self.margin("|"))
        previous = None
        for number in sorted({label.span.line for label in labels}):
            if previous is not None and number > previous + 1:
                lines.append(self.margin("..."))
            here = [label for label in labels if label.span.line == number]
            lines += self.line(source, number, here, primary, severity)
            previous = number
        return lines

    def line(
        self,
        source: Source,
        number: int,
        labels: Sequence[Label],
        primary: Label,
        severity: str,
    ) -> list[str]:
        text = source.line(number).replace("\t", " ").rstrip()
        about = primary if primary in labels else labels[0]
        window = _Window.around(text, about.span.column - 1)
        gutter = self.paint(f"{number:>{self.gutter}} |", "frame")
        lines = [f"{gutter} {window.shown}".rstrip()]
        for label in sorted(labels, key=lambda label: label is primary):
            start = label.span.column - 1
            mark = "^" if label is primary else "-"
            pad, marks = window.underline(
                start, label.span.end - label.span.start, mark
            )
            note = f"{marks} {printable(label.message)}".rstrip()
            note = self.paint(note, severity if label is primary else "frame")
            lines.append(f"{self.margin('|')} {pad}{note}")
        return lines

    def margin(self, mark: str) -> str:
        return self.paint(f"{' ' * self.gutter} {mark}", "frame")

    def paint(self, text: str, style: str) -> str:
        return f"\033[{STYLES[style]}m{text}\033[0m" if self.color else text
