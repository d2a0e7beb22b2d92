"""Format tables as text and Markdown, and the numbers in them."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping, Sequence
from textwrap import wrap

from archspec.diagnostics.terminal import output_width, wrapped
from archspec.ir.graph import Sizes

Cells = Sequence[str]
GAP = "  "  # between columns
NARROWEST = 8  # columns to which a text may be shortened

UNITS = ("B", "KiB", "MiB", "GiB", "TiB", "PiB")
EIGHTHS = " ▏▎▍▌▋▊▉"  # of a character cell


def text_table(
    header: Cells,
    rows: Sequence[Cells],
    left: Iterable[int],
    *,
    optional: Sequence[int] = (),
    prose: int | None = None,
) -> list[str]:
    """Return the lines of a table that fits the terminal.

    Args:
        header: the names of the columns.
        rows: the cells.
        left: the columns that are left-aligned.
        optional: columns to omit in this order while the table is too wide. Texts are
            shortened before the last one goes.
        prose: the column whose text is wrapped. Other texts are shortened.
    """
    texts = {*left}
    shown = _columns_that_fit([header, *rows], texts, optional, prose)
    names = frozenset(n for n, column in enumerate(shown) if column in texts)
    picked = [[row[column] for column in shown] for row in (header, *rows)]
    widths = _fitted(_widths(picked), names)
    rule = "-" * _total(widths)
    head, *lines = (
        line
        for row in picked
        for line in _lines(row, widths, names, shown.index(prose) if prose else None)
    )
    return [rule, head, rule, *lines, rule]


def _columns_that_fit(
    rows: Sequence[Cells], texts: set[int], optional: Sequence[int], prose: int | None
) -> list[int]:
    """Return the columns that fit; for the last, texts are shortened to three quarters."""
    widths = _widths(rows)
    least = [
        max(min(width, NARROWEST), width - width // 4) if n in texts else width
        for n, width in enumerate(widths)
    ]
    whole = [least[n] if n == prose else width for n, width in enumerate(widths)]
    shown = [*range(len(widths))]
    for column in optional:
        needed = least if column == optional[-1] else whole
        if _total([needed[n] for n in shown]) <= output_width():
            break
        shown.remove(column)
    return shown


def _widths(rows: Sequence[Cells]) -> list[int]:
    return [max(map(len, column)) for column in zip(*rows, strict=True)]


def _total(widths: Sequence[int]) -> int:
    return sum(widths) + len(GAP) * (len(widths) - 1)


def _fitted(widths: list[int], left: frozenset[int]) -> list[int]:
    """Narrow the widest column of text until the table fits the terminal."""
    while left and (excess := _total(widths) - output_width()) > 0:
        widest = max(left, key=lambda column: widths[column])
        others = [widths[column] for column in left if column != widest]
        least = max(NARROWEST, widths[widest] - excess, max(others, default=0) - 1)
        if widths[widest] <= NARROWEST:
            break
        widths[widest] = min(least, widths[widest] - 1)
    return widths


def _lines(
    row: Cells, widths: Sequence[int], left: frozenset[int], prose: int | None
) -> list[str]:
    """Return the lines of a row: more than one if its prose is wrapped."""
    if prose is None:
        return [_aligned(row, widths, left)]
    parts = wrap(row[prose], widths[prose], break_on_hyphens=False) or [""]
    blank = [""] * len(row)
    lines = [[*row], *([*blank] for _ in parts[1:])]
    for line, part in zip(lines, parts, strict=True):
        line[prose] = part
    return [_aligned(line, widths, left) for line in lines]


def _aligned(row: Cells, widths: Sequence[int], left: frozenset[int]) -> str:
    cells = [
        shortened(cell, width).ljust(width) if number in left else cell.rjust(width)
        for number, (cell, width) in enumerate(zip(row, widths, strict=True))
    ]
    return GAP.join(cells).rstrip()


def shortened(text: str, width: int) -> str:
    """Replace the middle of a text: `layer1.0.…sample.1`."""
    if len(text) <= width:
        return text
    mark = "…" if _can_print("…") else "..."
    kept = width - len(mark)
    return text[: kept - kept // 2] + mark + text[len(text) - kept // 2 :]


def definitions(items: Iterable[tuple[str, str]]) -> list[str]:
    """Return lines with names and what they mean, wrapped to the terminal."""
    pairs = [*items]
    longest = max((len(name) for name, _ in pairs), default=0)
    name_width = min(longest, output_width() // 3 - 2 - len(GAP))
    return [line for pair in pairs for line in _definition(*pair, name_width)]


def _definition(name: str, about: str, name_width: int) -> list[str]:
    margin = " " * (2 + name_width + len(GAP))
    text = wrapped(about, output_width() - len(margin), "").split("\n")
    if len(name) > name_width:
        return [
            *wrapped(f"  {name}", output_width(), "    ").split("\n"),
            *(margin + line for line in text if line),
        ]
    first, *others = text
    start = f"  {name:<{name_width}}{GAP}{first}".rstrip()
    return [start, *(margin + line for line in others)]


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
    """Format a shape as a spec writes it: `96x54x54`."""
    return "x".join(str(size) for size in shape)


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
