"""Diagnostics for people: lines of source with marks and labels, notes and help.

A diagnostic is rendered as in

    error[unknown-op]: unknown op or block `cnov`
     --> spec.yaml:5:5
      |
    5 |   - cnov(8, k=1)
      |     ^^^^
      |
      = help: did you mean `conv`?
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from functools import lru_cache
from itertools import accumulate
from textwrap import wrap
from typing import NamedTuple, TextIO

from archspec.diagnostics.diagnostic import Diagnostic, Label
from archspec.diagnostics.source import Source
from archspec.diagnostics.terminal import cells, columns, printable, use_color

LINE_WIDTH = 116  # of source; longer lines are cut around the span
NARROWEST = 20  # columns of text, however narrow the terminal
CUT = "..."
STYLES = {"error": "1;31", "warning": "1;33", "frame": "1;34", "bold": "1"}


def render_for(stream: TextIO, diagnostics: Iterable[Diagnostic]) -> str:
    """Render the report for a stream: for a terminal, in color and to its width."""
    return render_full(diagnostics, color=use_color(stream), width=columns(stream))


def render_full(
    diagnostics: Iterable[Diagnostic], *, color: bool = False, width: int | None = None
) -> str:
    """Render each diagnostic with its lines of source, labels, notes and help.

    With a `width`, lines of source are cut and sentences wrapped.
    """
    return "\n\n".join(_Frame(d, color, width).render() for d in diagnostics)


class _Window(NamedTuple):
    """The part of a line that is shown: all of it, or the part around a span.

    `left` and `right` are indexes of characters. `edges[i]` is the column where
    character `i` begins, since a wide character takes two columns.
    """

    text: str
    edges: Sequence[int]
    left: int
    right: int

    @classmethod
    def around(
        cls, text: str, edges: Sequence[int], start: int, end: int, room: int
    ) -> _Window:
        if edges[-1] <= room:
            return cls(text, edges, 0, len(text))
        room -= 2 * len(CUT)
        start, end = (edges[min(place, len(text))] for place in (start, end))
        margin = max(0, room - (end - start)) // 2
        first = min(max(0, start - margin), edges[-1] - room)
        last = first + room
        left = bisect_left(edges, first) if first > len(CUT) else 0
        is_cut = last < edges[-1] - len(CUT)
        right = bisect_right(edges, last) - 1 if is_cut else len(text)
        return cls(text, edges, left, right)

    @property
    def shown(self) -> str:
        """The text of the part, with dots where it is cut."""
        before = CUT if self.left else ""
        after = CUT if self.right < len(self.text) else ""
        return before + self.text[self.left : self.right] + after

    def place(self, start: int, end: int) -> tuple[int, int]:
        """Return the column where some characters begin, and how many they take."""
        first = min(max(start, self.left), self.right)
        last = max(first, min(end, self.right))
        before = len(CUT) * bool(self.left) - self.edges[self.left]
        return before + self.edges[first], max(1, self.edges[last] - self.edges[first])


class _Frame:
    """Renders one diagnostic, as in the example above."""

    def __init__(self, diagnostic: Diagnostic, color: bool, width: int | None) -> None:
        self.diagnostic = diagnostic
        self.color = color
        self.width = width
        self.severity = str(diagnostic.severity)
        self.labels = [diagnostic.primary, *diagnostic.related]
        self.gutter = max(len(str(label.span.line)) for label in self.labels)

    def render(self) -> str:
        lines = self.headline()
        for source in dict.fromkeys(label.span.source for label in self.labels):
            lines += self.excerpt(source)
        foot = [("note", note) for note in self.diagnostic.notes]
        foot += self.proposals()
        if foot:
            lines.append(self.margin("|"))
        for kind, text in foot:
            lines += self.sentence(f"{' ' * self.gutter} = {kind}: ", text)
        return "\n".join(lines)

    def proposals(self) -> list[tuple[str, str]]:
        """Return the help and the fixes, several with the numbers that `--pick` takes."""
        helps = self.diagnostic.help
        titles = [fix.title for fix in self.diagnostic.fixes]
        if len(titles) > 1:
            fixes = [
                (f"fix {n}", f"{fix.title} ({fix.effect})" if fix.effect else fix.title)
                for n, fix in enumerate(self.diagnostic.fixes, start=1)
            ]
            return [*(("help", text) for text in helps if text not in titles), *fixes]
        shown = " ".join(helps)
        fixes = [("fix", t) for t in titles if t.removeprefix("write ") not in shown]
        return [*(("help", text) for text in helps), *fixes]

    def headline(self) -> list[str]:
        name = f"{self.severity}[{self.diagnostic.code}]"
        message = printable(self.diagnostic.message)
        first, *more = self.wrapped(f"{name}: {message}", self.width)
        head = self.paint(name, self.severity)
        return [
            head + self.paint(first.removeprefix(name), "bold"),
            *(self.paint(line, "bold") for line in more),
        ]

    def sentence(self, start: str, text: str) -> list[str]:
        """Render a note or help; its further lines are indented to its first word."""
        room = self.room(len(start))
        lines = [
            line
            for given in text.split("\n")
            for line in self.wrapped(printable(given), room)
        ]
        starts = [start, *[" " * len(start)] * (len(lines) - 1)]
        return [(a + b).rstrip() for a, b in zip(starts, lines, strict=True)]

    def excerpt(self, source: Source) -> list[str]:
        labels = [label for label in self.labels if label.span.source is source]
        arrow = "-->" if self.diagnostic.primary in labels else ":::"
        span = labels[0].span
        place = printable(source.name)
        if not source.is_argument:
            place += f":{span.line}:{span.column}"
        lines = [f"{' ' * self.gutter}{self.paint(arrow, 'frame')} {place}"]
        if not source.text:
            return lines
        lines.append(self.margin("|"))
        previous = None
        for number in sorted({label.span.line for label in labels}):
            if previous is not None and number > previous + 1:
                lines.append(self.margin("..."))
            here = [label for label in labels if label.span.line == number]
            lines += self.line(source, number, here)
            previous = number
        return lines

    def line(self, source: Source, number: int, labels: Sequence[Label]) -> list[str]:
        """Render a line of source, and its labels below it, the primary last."""
        text, edges = _shown(source, number)
        start, end = _columns(labels[0])
        room = (
            self.room(self.gutter + 4) or LINE_WIDTH
        )  # room for a mark after the line
        window = _Window.around(text, edges, start, end, min(room, LINE_WIDTH))
        gutter = self.paint(f"{number:>{self.gutter}} |", "frame")
        lines = [f"{gutter} {window.shown}".rstrip()]
        for label in sorted(labels, key=self.is_primary):
            is_primary = self.is_primary(label)
            style, mark = (self.severity, "^") if is_primary else ("frame", "-")
            before, length = window.place(*_columns(label))
            message = printable(label.message)
            for pad, marked in self.marked(before, mark * length, message):
                painted = " " * pad + self.paint(marked, style)
                lines.append(f"{self.margin('|')} {painted}")
        return lines

    def is_primary(self, label: Label) -> bool:
        return label is self.diagnostic.primary

    def marked(self, before: int, marks: str, message: str) -> list[tuple[int, str]]:
        """Return the lines of a label: marks and message, or the message below them.

        Each line has the number of spaces before it.
        """
        room = self.room(self.gutter + 3)
        line = f"{marks} {message}".rstrip()
        if not (message and room) or before + len(line) <= room:
            return [(before, line)]
        below = wrap(message, room)
        left = min(before, room - max(map(len, below)))
        return [(before, marks), *((left, line) for line in below)]

    def room(self, taken: int) -> int | None:
        """Return the remaining columns of the width; None if there is no width."""
        return self.width and max(NARROWEST, self.width - taken)

    def wrapped(self, text: str, width: int | None) -> list[str]:
        lines = wrap(text, width, break_on_hyphens=False) if width else []
        return lines or [text]

    def margin(self, mark: str) -> str:
        return self.paint(f"{' ' * self.gutter} {mark}", "frame")

    def paint(self, text: str, style: str) -> str:
        return f"\033[{STYLES[style]}m{text}\033[0m" if self.color else text


@lru_cache(maxsize=8)  # a hundred findings may share one very long line
def _shown(source: Source, number: int) -> tuple[str, Sequence[int]]:
    """Return a line as shown, and the columns where its characters begin and end."""
    text = printable(source.line(number).replace("\t", " ").rstrip())
    return text, [0, *accumulate(map(cells, text))]


def _columns(label: Label) -> tuple[int, int]:
    """Return the first and last index of a label's characters in their line."""
    start = label.span.column - 1
    return start, start + label.span.end - label.span.start
