"""Terminals: their colors, their width, and the characters they can show."""

from __future__ import annotations

import os
import unicodedata
from shutil import get_terminal_size
from textwrap import TextWrapper
from typing import TextIO


def use_color(stream: TextIO) -> bool:
    """Whether a stream is a terminal, and `NO_COLOR` is not set."""
    return stream.isatty() and not os.environ.get("NO_COLOR")


def columns(stream: TextIO) -> int | None:
    """Return the width of the terminal of a stream; None if it is another file."""
    try:
        return os.get_terminal_size(stream.fileno()).columns or None
    except OSError:
        return None


def output_width() -> int:
    """Return the columns that output may take: those of the terminal, 80 elsewhere.

    `COLUMNS` sets them.
    """
    return max(40, get_terminal_size().columns)


def wrapped(text: str, width: int, indent: str = "  ") -> str:
    """Break each line between words, and indent what follows a break."""
    wrapper = TextWrapper(
        width,
        subsequent_indent=indent,
        break_long_words=False,
        break_on_hyphens=False,
    )
    lines = text.split("\n")
    return "\n".join(
        wrapper.fill(line) if len(line) > width else line for line in lines
    )


def printable(text: str) -> str:
    """Replace control characters: a spec is untrusted input."""
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text)


def cells(character: str) -> int:
    """Return the number of columns of a printable character."""
    if unicodedata.category(character) in (
        "Mn",
        "Me",
    ):  # a combining mark, drawn over the character before it
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1
