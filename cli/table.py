"""Format tables as text and Markdown, and the numbers in them."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping, Sequence

from archspec.ir.graph import Sizes

Cells = Sequence[str]

UNITS = ("B", "KiB", "MiB", "GiB", "TiB", "PiB")
EIGHTHS = " ▏▎▍▌▋▊▉"  # of a character cell


def text_table(header: Cells, rows: Sequence[Cells], left: Iterable[int]) -> list[str]:
    """Return the lines of a table. `left` are the columns that are left-aligned."""
    widths = [max(map(len, column)) for column in zip(header, *rows, strict=True)]
    rule = "-" * (sum(widths) + 2 * (len(widths) - 1))
    names = frozenset(left)
    lines = [_aligned(row, widths, names) for row in rows]
    return [rule, _aligned(header, widths, names), rule, *lines, rule]


def _aligned(row: Cells, widths: Sequence[int], left: frozenset[int]) -> str:
    cells = [
        cell.ljust(width) if number in left else cell.rjust(width)
        for number, (cell, width) in enumerate(zip(row, widths, strict=True))
    ]
    return "  ".join(cells).rstrip()


def markdown_table(
    header: Cells, rows: Sequence[Cells], left: Iterable[int]
) -> list[str]:
    """Return the lines of a Markdown table."""
    names = frozenset(left)
    marks = ["---" if number in names else "---:" for number in range(len(header))]
    return [f"| {' | '.join(line)} |" for line in (header, marks, *rows)]


def bar(share: float, width: int) -> str:
    """Draw a share of a bar of `width` characters: 0.6 of 4 is `██▍`."""
    if not _can_print(EIGHTHS):
        return "#" * round(share * width)
    full, eighths = divmod(round(share * width * 8), 8)
    return "█" * full + EIGHTHS[eighths].strip()


def _can_print(text: str) -> bool:
    """Whether the encoding of stdout has these characters."""
    try:
        text.encode(sys.stdout.encoding or "ascii")
    except UnicodeEncodeError:
        return False
    return True


def all_sizes(shapes: Iterable[Sizes]) -> str:
    """Format the shapes of inputs or outputs, as `3x64x64, 1x64x64`."""
    return ", ".join(map(sizes, shapes))


def inputs_as_data(shapes: Mapping[str, Sizes]) -> object:
    """The shape of the one input, or of several by name, for JSON."""
    if len(shapes) > 1:
        return {name: list(shape) for name, shape in shapes.items()}
    return next(list(shape) for shape in shapes.values())


def outputs_as_data(shapes: Mapping[str, Sizes]) -> list[int] | list[list[int]]:
    """The shape of the one output, or a list of several, for JSON."""
    listed = [list(shape) for shape in shapes.values()]
    return listed if len(listed) > 1 else listed[0]


def sizes(shape: Sizes) -> str:
    """Format a shape: `96 x 54 x 54`."""
    return " x ".join(str(size) for size in shape)


def count(number: int) -> str:
    """Format a number. 0 is left out, as most layers have no weights."""
    return f"{number:,}" if number else ""


def unit_index(size: int) -> int:
    """Return the index in `UNITS` for which a number of bytes has at most four digits."""
    power = 0
    while size >= 10_000 * 1024**power and power + 1 < len(UNITS):
        power += 1
    return power


def memory(size: int) -> str:
    """Format a number of bytes: `100.0 MiB`."""
    power = unit_index(size * 10)  # one digit after the point
    return f"{size / 1024**power:,.1f} {UNITS[power]}" if power else f"{size} B"
