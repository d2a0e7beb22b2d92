"""The summary of a network: a row for each layer, with its shape and its costs."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from dataclasses import asdict, astuple, fields

from archspec.backends.tables.text_table import (
    UNITS,
    all_sizes,
    bar,
    count,
    inputs_as_data,
    markdown_table,
    memory,
    outputs_as_data,
    sizes,
    text_table,
    unit_index,
)
from archspec.diagnostics.source import Source
from archspec.diagnostics.terminal import output_width, wrapped
from archspec.ir.graph import Graph, Head
from archspec.passes.summarize import Row, summarize

BAR = 4  # characters
FIELD = "field/s"  # the column of receptive field and stride
TEXT_COLUMNS = (0, 1, 7, 8, 9)
OPTIONAL_COLUMNS = (9, 7, 8, 6, 3, 1)  # the first to go where the terminal is narrow
COSTS: dict[str, Callable[[Row], int]] = {
    "parameters": lambda row: row.params,
    "MACs": lambda row: row.macs,
    "saved memory": lambda row: row.kept_bytes,
}


class Summary:
    """The rows of a network, and its totals in bytes."""

    def __init__(
        self, graph: Graph, source: Source, depth: int | None = None, batch: int = 1
    ) -> None:
        """Fold blocks deeper than `depth`; the memory is that of a batch."""
        self.graph, self.batch = graph, batch
        self.rows = list(summarize(graph, source, depth, batch))
        self.inputs = {port.name: port.shape for port in graph.inputs}
        self.outputs = {port.name: port.shape for port in graph.outputs}
        self.heads = [_head_costs(head) for head in graph.heads]
        self.weights = 4 * graph.parameters  # bytes in float32
        self.kept_bytes = sum(row.kept_bytes for row in self.rows)
        self.peak = max((row.live_bytes for row in self.rows), default=0)

    def text(self) -> str:
        """A table that fits the terminal, and notes below it."""
        *rows, total, rule = text_table(
            _header(self), _cells(self), TEXT_COLUMNS, optional=OPTIONAL_COLUMNS
        )
        explained = any(FIELD in row for row in rows[:2])  # a narrow terminal omits it
        words = [_title(self), *_notes(self, explained=explained)]
        title, *notes = (wrapped(line, output_width()) for line in words)
        return "\n".join([title, *rows, rule, total, "", *notes])

    def markdown(self) -> str:
        """The same as a Markdown table with every column."""
        table = markdown_table(_header(self), _cells(self), TEXT_COLUMNS)
        notes = (f"- {words}" for words in _notes(self))
        return "\n".join([_title(self), "", *table, "", *notes])

    def csv(self) -> str:
        """The keys of `data` as columns, and shapes as `96x54x54`."""
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(field.name for field in fields(Row))
        for row in self.rows:
            writer.writerow(
                "x".join(map(str, value)) if isinstance(value, tuple) else value
                for value in astuple(row)
            )
        return text.getvalue().rstrip("\n")

    def json(self) -> str:
        """The numbers of the network and of each row."""
        return json.dumps(self.data(), indent=2)

    def data(self) -> dict[str, object]:
        """The same as Python values."""
        return {
            "name": self.graph.name,
            "input": inputs_as_data(self.inputs),
            "output": outputs_as_data(self.outputs),
            "params": self.graph.parameters,
            "macs": self.graph.macs,
            "heads": [
                {"name": name, "params": params, "macs": macs}
                for name, params, macs in self.heads
            ],
            "batch": self.batch,
            "weight_bytes": self.weights,
            "kept_bytes": self.kept_bytes,
            "peak_bytes": self.peak,
            "layers": [asdict(row) for row in self.rows],
        }


def _head_costs(head: Head) -> tuple[str, int, int]:
    """Return the label of a head, its parameters and its MACs."""
    nodes = list(head.nodes)
    params, macs = (sum(n.parameters for n in nodes), sum(n.macs for n in nodes))
    return head.name, params, macs


def _title(costs: Summary) -> str:
    images = f", batch {costs.batch}" if costs.batch > 1 else ""
    return f"{costs.graph.name}, input {all_sizes(costs.inputs.values())}{images}"


def _header(costs: Summary) -> tuple[str, ...]:
    unit = UNITS[unit_index(costs.kept_bytes)]
    figures = ("parameters", "MACs", f"{unit} saved")
    shares = ("% params", "% MACs", "% saved")
    return ("layer", "op", "output", FIELD, *figures, *shares)


def _cells(costs: Summary) -> list[tuple[str, ...]]:
    graph, power = costs.graph, unit_index(costs.kept_bytes)

    def in_unit(size: int) -> str:
        digits = 1 if power else 0  # bytes are whole
        return f"{size / 1024**power:,.{digits}f}" if size else ""

    figures = [
        (
            row.path,
            row.op,
            sizes(row.output),
            _field(row),
            count(row.params),
            count(row.macs),
            in_unit(row.kept_bytes),
        )
        for row in costs.rows
    ]
    shares = [_shares([of(row) for row in costs.rows]) for of in COSTS.values()]
    rows = [(*cells, *share) for cells, *share in zip(figures, *shares, strict=True)]
    totals = (f"{graph.parameters:,}", f"{graph.macs:,}", in_unit(costs.kept_bytes))
    output = all_sizes(costs.outputs.values())
    return [*rows, ("total", "", output, "", *totals, "", "", "")]


def _field(row: Row) -> str:
    """Format the receptive field and the stride: `43/8`, or `43x11/8x4`."""
    if row.receptive_field is None or row.stride is None:
        return ""
    along = [[*dict.fromkeys(each)] for each in (row.receptive_field, row.stride)]
    return "/".join("x".join(f"{n:.4g}" for n in numbers) for numbers in along)


def _shares(column: list[int]) -> list[str]:
    """Format each value as a percentage, with a bar that is full for the largest."""
    whole, most = sum(column), max(column)
    return [
        f"{100 * part / whole:>2.0f} {bar(part / most, BAR)}".rstrip() if part else ""
        for part in column
    ]


def _notes(costs: Summary, *, explained: bool = True) -> list[str]:
    """Return notes on the memory, and on the layers with the largest costs."""
    weights, kept, peak = map(memory, (costs.weights, costs.kept_bytes, costs.peak))
    at_peak = max(costs.rows, key=lambda row: row.live_bytes)
    runs = f"while {at_peak.path} ({at_peak.op}) runs"
    backward = f"{kept} saved for the backward pass"
    found = [
        f"inference: {weights} of weights, {peak} of activations {runs}",
        f"training: {weights} of weights, {weights} of gradients, {backward}",
        f"largest: {', '.join(_largest(costs))}",
    ]
    fields = [row.receptive_field for row in costs.rows if row.receptive_field]
    if explained and fields:
        unit = "pixels" if len(fields[0]) == 2 else "positions"
        found.append(f"{FIELD}: receptive field and stride, in input {unit}")
    if costs.heads:
        names, params, macs = zip(*costs.heads, strict=True)
        found.append(
            f"in training only: {', '.join(names)}, with {sum(params):,} of the "
            f"parameters and {sum(macs):,} of the MACs"
        )
    return found


def _largest(costs: Summary) -> list[str]:
    found = []
    for what, of in COSTS.items():
        row = max(costs.rows, key=of)
        if of(row):
            share = of(row) / sum(map(of, costs.rows))
            found.append(f"{share:.0%} of the {what} in {row.path}")
    return found
