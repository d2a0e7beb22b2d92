"""Graphviz's tables, with any text shown as it is."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape

from archspec.diagnostics.terminal import printable

PADDING, EDGE = 2, "#444444"


def text(words: str) -> str:
    """No markup, no escape sequence, no character that XML forbids."""
    return escape(printable(words)).replace("\\", "\\\\")


def padded(words: str) -> str:
    """Text with room at its sides: a cell has as little there as above and below."""
    return f"&#160;{text(words)}&#160;"


def bold(words: str) -> str:
    """A title."""
    return f"<B>{padded(words)}</B>" if words else ""


def italic(words: str) -> str:
    """A label of an arrow."""
    return f"< <I>{text(words)}</I>>" if words else ""


def small(words: str) -> str:
    """What is said besides."""
    return f'<FONT POINT-SIZE="8.5">{padded(words)}</FONT>' if words else ""


def lines(*contents: str) -> str:
    """Contents below each other, at the left; empty ones are left out."""
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
    """One cell; the tooltip is text, the content is made by the functions above."""
    said = "&#10;".join(text(line) for line in tooltip.split("\n"))
    return (
        f'<TD BGCOLOR="{fill}" TOOLTIP="{said}" ALIGN="{align}" BALIGN="LEFT"'
        f' ROWSPAN="{rows}" COLSPAN="{columns}">{content}</TD>'
    )


def table(rows: Iterable[Sequence[str]], *, border: int = 1, spacing: int = 0) -> str:
    """Rows of cells as a label."""
    inner = "".join(f"<TR>{''.join(cells)}</TR>" for cells in rows if cells)
    return (
        f'<<TABLE BORDER="{border}" COLOR="{EDGE}" CELLBORDER="0" CELLSPACING="{spacing}"'
        f' CELLPADDING="{PADDING}">{inner}</TABLE>>'
    )
