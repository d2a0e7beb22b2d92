"""The comparison of two networks: a table of the changes, and one of the totals."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict
from itertools import groupby

from archspec.backends.tables.text_table import (
    all_sizes,
    inputs_as_data,
    outputs_as_data,
    shortened,
    sizes,
    text_table,
)
from archspec.ir.graph import Graph
from archspec.passes.compare import Change, compare

NAME_WIDTH = 18  # of a network above its totals


class Comparison:
    """The changes from one network to another. It is true if there are any.

    >>> import archspec
    >>> found = archspec.diff("vgg11", "vgg13")
    >>> [change.after.path for change in found.changes]
    ['0.2', '0.3', '1.2', '1.3']
    """

    def __init__(
        self, before: Graph, after: Graph, names: tuple[str, str] | None = None
    ) -> None:
        """Compare two networks; the tables call them by `names`."""
        self.before, self.after = before, after
        self.names = names or (before.name, after.name)
        self.changes: tuple[Change, ...] = tuple(compare(before, after))

    def __bool__(self) -> bool:
        """Whether the networks differ."""
        return bool(self.changes) or _totals(self.before) != _totals(self.after)

    def __repr__(self) -> str:
        """One line: the names and the number of changes."""
        one, other = self.names
        return f"<Comparison {one} -> {other}: {len(self.changes)} changes>"

    def __str__(self) -> str:
        """The tables, which fit the terminal."""
        if not self:
            return f"no difference between the networks of {' and '.join(self.names)}"
        return "\n".join([*_changes_table(self.changes), *_totals_table(self)])

    def to_dict(self) -> dict[str, object]:
        """The data of `archspec diff --format json`."""
        return {
            "before": _totals(self.before),
            "after": _totals(self.after),
            "changes": [asdict(change) for change in self.changes],
        }

    def json(self) -> str:
        """The same as JSON text."""
        return json.dumps(self.to_dict(), indent=2)


def _totals(graph: Graph) -> dict[str, object]:
    inputs = {port.name: port.shape for port in graph.inputs}
    outputs = {port.name: port.shape for port in graph.outputs}
    return {
        "name": graph.name,
        "input": inputs_as_data(inputs),
        "output": outputs_as_data(outputs),
        "layers": _layers(graph),
        "params": graph.parameters,
        "macs": graph.macs,
    }


def _layers(graph: Graph) -> int:
    """Count the layers that compute something, unlike `identity`."""
    return sum(node.op != "identity" for node in graph.layers)


def _changes_table(changes: tuple[Change, ...]) -> list[str]:
    if not changes:
        return []
    header = ("change", "layer", "op", "parameters", "MACs", "what")
    rows = list(_merged_rows([_ChangeRow(change) for change in changes]))
    lines = text_table(header, rows, (0, 1, 2, 5), optional=(4, 3), prose=5)
    return [*lines[1:], ""]


class _ChangeRow:
    """A row of the table for a change, in one or several equal blocks."""

    def __init__(self, change: Change) -> None:
        shown = change.after or change.before
        assert shown
        self.block, self.dot, self.rest = shown.path.partition(".")
        self.words = (change.change, shown.op, ", ".join(_what(change)))
        self.params, self.macs = _growth(change, "params"), _growth(change, "macs")

    @property
    def content(self) -> tuple[object, ...]:
        """What equal blocks have in common: all but the block's own name."""
        return self.rest, self.words, self.params, self.macs

    def cells(self, last: str, count: int) -> tuple[str, ...]:
        """Return the cells for `count` blocks in a row, up to the block `last`."""
        kind, op, what = self.words
        block = f"{self.block}..{last}" if count > 1 else self.block
        figures = (_signed(count * self.params), _signed(count * self.macs))
        return kind, block + self.dot + self.rest, op, *figures, what


def _merged_rows(rows: list[_ChangeRow]) -> Iterator[tuple[str, ...]]:
    """Yield one row for equal changes in consecutive blocks: `block1..block4.conv`."""
    blocks = [list(block) for _, block in groupby(rows, key=lambda row: row.block)]
    equal = groupby(blocks, key=lambda block: [row.content for row in block])
    for _, found in equal:
        first, *others = found
        last = others[-1] if others else first
        for row in first:
            yield row.cells(last[0].block, 1 + len(others))


def _growth(change: Change, figure: str) -> int:
    if change.change == "changed" and change.after and change.after.layers > 1:
        return 0  # a renamed block: its layers have rows of their own
    before, after = (
        int(getattr(side, figure)) if side else 0
        for side in (change.before, change.after)
    )
    return after - before


def _what(change: Change) -> list[str]:
    """Return the arguments that differ, and the output or input shapes if they do."""
    words = [f"{d.what} {d.before} -> {d.after}" for d in change.details]
    before, after = change.before, change.after
    shapes = [sizes(side.output) for side in (before, after) if side]
    if change.change in ("added", "removed") or shapes[0] != shapes[1]:
        words.append(" -> ".join(shapes))
    elif before and after and change.change == "resized":
        words.append(f"reads {sizes(before.input)} -> {sizes(after.input)}")
    return words


def _signed(number: int) -> str:
    return f"{number:+,}" if number else ""


def _totals_table(found: Comparison) -> list[str]:
    before, after = found.before, found.after
    ports = [
        (name, *(all_sizes(port.shape for port in each) for each in both), "")
        for name, both in (
            ("input", (before.inputs, after.inputs)),
            ("output", (before.outputs, after.outputs)),
        )
    ]
    rows = [
        *ports,
        _figures("layers", _layers(before), _layers(after)),
        _figures("parameters", before.parameters, after.parameters),
        _figures("MACs", before.macs, after.macs),
    ]
    names = (shortened(name, NAME_WIDTH) for name in found.names)
    return text_table(("", *names, "change"), rows, (0,), optional=(3,))[1:-1]


def _figures(what: str, before: int, after: int) -> tuple[str, ...]:
    change = _signed(after - before)
    times = after / before if before else 1
    if times >= 2:
        change += f" (x {times:,.1f})"
    elif round(times, 3) != 1:
        change += f" ({times - 1:+.1%})"
    return what, f"{before:,}", f"{after:,}", change
