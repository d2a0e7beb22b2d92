"""What a terminal can show: characters, columns, colours."""

from __future__ import annotations

import os
import unicodedata
from typing import TextIO


def use_color(stream: TextIO) -> bool:
    """Whether a stream is a terminal whose user has not declined colour."""
    return stream.isatty() and not os.environ.get("NO_COLOR")


def columns(stream: TextIO) -> int | None:
    """How wide the terminal is that a stream goes to; None if it is none."""
    try:
        return os.get_terminal_size(stream.fileno()).columns or None
    except OSError:
        return None


def printable(text: str) -> str:
    """The text with control characters replaced: a spec is untrusted input."""
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text)


def cells(character: str) -> int:
    """How many columns a printable character takes."""
    if unicodedata.category(character) in ("Mn", "Me"):  # drawn over the one before
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1
