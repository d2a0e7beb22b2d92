"""A source is a named text, a span a range of characters in it."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, field
from itertools import accumulate
from typing import NamedTuple


@dataclass(frozen=True)
class Source:
    """A text and its name in messages, usually its path."""

    name: str
    text: str = field(repr=False)
    is_argument: bool = False  # of a command or of a function: `--set`, a missing file
    line_starts: list[int] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Index the lines once, so that bisection finds a position."""
        lengths = (len(line) + 1 for line in self.text.split("\n"))
        object.__setattr__(self, "line_starts", [0, *accumulate(lengths)][:-1])

    def position(self, offset: int) -> tuple[int, int]:
        """Return the line and column of a character, both from 1."""
        line = bisect_right(self.line_starts, offset)
        return line, offset - self.line_starts[line - 1] + 1

    def line(self, number: int) -> str:
        """Return a line, numbered from 1, without its line break."""
        start = self.line_starts[number - 1]
        end = self.text.find("\n", start)
        return self.text[start : end if end >= 0 else None].rstrip("\r")

    def span(self, start: int, end: int) -> Span:
        """Return the span of the characters from `start` up to `end`, exclusive."""
        return Span(self, start, end)


class Span(NamedTuple):
    """A half-open range of characters in a source."""

    source: Source
    start: int
    end: int

    @property
    def text(self) -> str:
        """The characters themselves."""
        return self.source.text[self.start : self.end]

    @property
    def line(self) -> int:
        """The line of the first character, from 1."""
        return self.source.position(self.start)[0]

    @property
    def column(self) -> int:
        """The column of the first character, from 1."""
        return self.source.position(self.start)[1]

    @property
    def end_position(self) -> tuple[int, int]:
        """The line and column after the last character, both from 1."""
        return self.source.position(self.end)

    def to(self, other: Span) -> Span:
        """Return the span from the start of this one to the end of `other`."""
        return Span(self.source, self.start, max(self.end, other.end))

    def contains(self, other: Span) -> bool:
        """Whether another span is a part of this one."""
        is_within = self.start <= other.start and other.end <= self.end
        return self.source is other.source and is_within
