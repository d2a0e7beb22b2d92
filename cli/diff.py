"""`archspec diff`: compare two networks."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict
from itertools import groupby
from typing import Annotated, Literal

import typer

from archspec.passes.compare import Change, compare
from archspec.spec import Spec

from .options import format_option
from .spec_loading import load_spec
from .table import (
    all_sizes,
    inputs_as_data,
    outputs_as_data,
    shortened,
    sizes,
    text_table,
)

NAME_WIDTH = 18  # of a network above its totals


def diff(
    before: Annotated[
        str,
        typer.Argument(
            metavar="A",
            help="A spec file or a bundled name; `FILE:VARIANT` is one of its variants.",
        ),
    ],
    after: Annotated[str, typer.Argument(metavar="B", help="Another one.")],
    format_: Annotated[Literal["table", "json"], format_option()] = "table",
) -> None:
    """Show what changed from A to B; the exit code is 0, whether they differ or not."""
    one, other = (load_spec(name, None, None, None) for name in (before, after))
    changes = compare(one.graph, other.graph)
    if format_ == "json":
        print(json.dumps(_data(one, other, changes), indent=2))
    elif changes or _totals(one) != _totals(other):
        _print_changes(changes)
        _print_totals((before, one), (after, other))
    else:
        print(f"no difference between the networks of {before} and {after}")


def _data(before: Spec, after: Spec, changes: list[Change]) -> dict[str, object]:
    return {
        "before": _totals(before),
        "after": _totals(after),
        "changes": [asdict(change) for change in changes],
    }


def _totals(spec: Spec) -> dict[str, object]:
    return {
        "name": spec.name,
        "input": inputs_as_data(spec.inputs),
        "output": outputs_as_data(spec.outputs),
        "layers": _layers(spec),
        "params": spec.params,
        "macs": spec.macs,
    }


def _layers(spec: Spec) -> int:
    """Count the layers that compute something, unlike `identity`."""
    return sum(node.op != "identity" for node in spec.layers)


def _print_changes(changes: list[Change]) -> None:
    if changes:
        header = ("change", "layer", "op", "parameters", "MACs", "what")
        rows = list(_merged_rows([_ChangeRow(change) for change in changes]))
        lines = text_table(header, rows, (0, 1, 2, 5), optional=(4, 3), prose=5)
        print("\n".join(lines[1:]))
        print()


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


def _print_totals(before: tuple[str, Spec], after: tuple[str, Spec]) -> None:
    (one, ours), (other, theirs) = before, after
    rows = [
        ("input", *(all_sizes(spec.inputs.values()) for spec in (ours, theirs)), ""),
        ("output", *(all_sizes(spec.outputs.values()) for spec in (ours, theirs)), ""),
        _figures("layers", _layers(ours), _layers(theirs)),
        _figures("parameters", ours.params, theirs.params),
        _figures("MACs", ours.macs, theirs.macs),
    ]
    names = (shortened(name, NAME_WIDTH) for name in (one, other))
    lines = text_table(("", *names, "change"), rows, (0,), optional=(3,))
    print("\n".join(lines[1:-1]))


def _figures(what: str, before: int, after: int) -> tuple[str, ...]:
    change = _signed(after - before)
    times = after / before if before else 1
    if times >= 2:
        change += f" (x {times:,.1f})"
    elif round(times, 3) != 1:
        change += f" ({times - 1:+.1%})"
    return what, f"{before:,}", f"{after:,}", change
