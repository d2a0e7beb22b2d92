"""Graphviz's HTML-like tables, with text escaped."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape

from archspec.diagnostics.terminal import printable

PADDING, EDGE = 2, "#444444"


def escaped(words: str) -> str:
    """Escape markup, backslashes, and characters that XML forbids."""
    return escape(printable(words)).replace("\\", "\\\\")


def padded(words: str) -> str:
    """Return text with a space at either side, where a cell has too little padding."""
    return f"&#160;{escaped(words)}&#160;"


def bold(words: str) -> str:
    """Return a title in bold."""
    return f"<B>{padded(words)}</B>" if words else ""


def italic(words: str) -> str:
    """Return the label of an edge, in italics."""
    return f"< <I>{escaped(words)}</I>>" if words else ""


def small(words: str) -> str:
    """Return secondary text, in a smaller font."""
    return f'<FONT POINT-SIZE="8.5">{padded(words)}</FONT>' if words else ""


def lines(*contents: str) -> str:
    """Return contents below each other, left-aligned, without empty ones."""
    return "".join(f'{content}<BR ALIGN="LEFT"/>' for content in contents if content)


def cell(
    content: str,
    *,
    fill: str = "#ffffff",
    tooltip: str = " ",
    align: str = "CENTER",
    rows: int = 1,
    columns: int = 1,
) -> str:
    """Return a cell; its content is HTML from the functions above, its tooltip text."""
    tip = "&#10;".join(escaped(line) for line in tooltip.split("\n"))
    return (
        f'<TD BGCOLOR="{fill}" TOOLTIP="{tip}" ALIGN="{align}" BALIGN="LEFT"'
        f' ROWSPAN="{rows}" COLSPAN="{columns}">{content}</TD>'
    )


def framed(label: str, color: str, style: str = "solid") -> str:
    """Return a table with a thick frame of another color."""
    frame = f'BORDER="3" COLOR="{color}" STYLE="{style}"'
    return label.replace(f'BORDER="1" COLOR="{EDGE}"', frame, 1)


def table(rows: Iterable[Sequence[str]], *, border: int = 1, spacing: int = 0) -> str:
    """Return a label made of rows of cells."""
    inner = "".join(f"<TR>{''.join(cells)}</TR>" for cells in rows if cells)
    return (
        f'<<TABLE BORDER="{border}" COLOR="{EDGE}" CELLBORDER="0" CELLSPACING="{spacing}"'
        f' CELLPADDING="{PADDING}">{inner}</TABLE>>'
    )
