"""`archspec summary`: print a table of the layers and their costs."""

from __future__ import annotations

import csv
import json
import sys
from collections.abc import Callable
from dataclasses import asdict, astuple, fields
from typing import Annotated, Literal

import typer

from archspec.diagnostics.terminal import output_width, wrapped
from archspec.ir.graph import Head
from archspec.passes.summarize import Row, summarize
from archspec.spec import Spec

from .options import (
    DepthOption,
    InputOption,
    SetOption,
    SpecArgument,
    VariantOption,
    format_option,
)
from .spec_loading import load_spec
from .table import (
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

BAR = 4  # characters
TEXT_COLUMNS = (0, 1, 7, 8, 9)
OPTIONAL_COLUMNS = (9, 7, 8, 6, 3, 1)  # the first to go where the terminal is narrow
COSTS: dict[str, Callable[[Row], int]] = {
    "parameters": lambda row: row.params,
    "MACs": lambda row: row.macs,
    "memory kept": lambda row: row.kept_bytes,
}


def summary(
    spec: SpecArgument,
    depth: DepthOption = None,
    batch: Annotated[
        int,
        typer.Option(
            min=1, max=65536, help="Images whose activations are in memory at once."
        ),
    ] = 1,
    format_: Annotated[
        Literal["table", "json", "markdown", "csv"], format_option()
    ] = "table",
    overrides: SetOption = None,
    input_: InputOption = None,
    variant: VariantOption = None,
) -> None:
    """Show each layer's output shape, parameters, multiply-accumulates and memory."""
    loaded = load_spec(spec, overrides, input_, variant)
    rows = list(summarize(loaded.graph, loaded.document.source, depth, batch))
    match format_:
        case "table":
            _print_table(_Costs(loaded, rows, batch))
        case "json":
            print(json.dumps(_data(_Costs(loaded, rows, batch)), indent=2))
        case "markdown":
            _print_markdown(_Costs(loaded, rows, batch))
        case "csv":
            _print_csv(rows)


class _Costs:
    """The rows of a network, and its totals in bytes."""

    def __init__(self, spec: Spec, rows: list[Row], batch: int) -> None:
        self.spec, self.rows, self.batch = spec, rows, batch
        self.heads = [_head_costs(head) for head in spec.graph.heads]
        self.weights = 4 * spec.params  # float32
        self.kept_bytes = sum(row.kept_bytes for row in rows)
        self.peak = max((row.live_bytes for row in rows), default=0)


def _head_costs(head: Head) -> tuple[str, int, int]:
    """Return the label of a head, its parameters and its MACs."""
    nodes = list(head.nodes)
    params, macs = (sum(n.parameters for n in nodes), sum(n.macs for n in nodes))
    return head.name, params, macs


def _data(costs: _Costs) -> dict[str, object]:
    spec = costs.spec
    return {
        "name": spec.name,
        "input": inputs_as_data(spec.inputs),
        "output": outputs_as_data(spec.outputs),
        "params": spec.params,
        "macs": spec.macs,
        "heads": [
            {"name": name, "params": params, "macs": macs}
            for name, params, macs in costs.heads
        ],
        "batch": costs.batch,
        "weight_bytes": costs.weights,
        "kept_bytes": costs.kept_bytes,
        "peak_bytes": costs.peak,
        "layers": [asdict(row) for row in costs.rows],
    }


def _print_csv(rows: list[Row]) -> None:
    """Write the keys of the JSON output as columns, and shapes as `96x54x54`."""
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(field.name for field in fields(Row))
    for row in rows:
        values = astuple(row)
        writer.writerow(
            "x".join(map(str, value)) if isinstance(value, tuple) else value
            for value in values
        )


def _title(costs: _Costs) -> str:
    images = f", batch {costs.batch}" if costs.batch > 1 else ""
    return f"{costs.spec.name}, input {all_sizes(costs.spec.inputs.values())}{images}"


def _print_table(costs: _Costs) -> None:
    print(wrapped(_title(costs), output_width()))
    *rows, total, rule = text_table(
        _header(costs), _cells(costs), TEXT_COLUMNS, optional=OPTIONAL_COLUMNS
    )
    print("\n".join([*rows, rule, total, ""]))
    for words in _notes(costs):
        print(wrapped(words, output_width()))


def _print_markdown(costs: _Costs) -> None:
    print(f"{_title(costs)}\n")
    print("\n".join(markdown_table(_header(costs), _cells(costs), TEXT_COLUMNS)))
    print()
    for words in _notes(costs):
        print(f"- {words}")


def _header(costs: _Costs) -> tuple[str, ...]:
    unit = UNITS[unit_index(costs.kept_bytes)]
    figures = ("parameters", "MACs", f"{unit} kept")
    shares = ("% params", "% MACs", "% kept")
    return ("layer", "op", "output", "field/s", *figures, *shares)


def _cells(costs: _Costs) -> list[tuple[str, ...]]:
    spec, power = costs.spec, unit_index(costs.kept_bytes)

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
    totals = (f"{spec.params:,}", f"{spec.macs:,}", in_unit(costs.kept_bytes))
    output = all_sizes(spec.outputs.values())
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


def _notes(costs: _Costs) -> list[str]:
    """Return notes on the memory, and on the layers with the largest costs."""
    weights, kept, peak = map(memory, (costs.weights, costs.kept_bytes, costs.peak))
    at_peak = max(costs.rows, key=lambda row: row.live_bytes)
    runs = f"while {at_peak.path} ({at_peak.op}) runs"
    found = [
        f"inference: {weights} of weights, {peak} of activations {runs}",
        f"training: {weights} of weights, {weights} of gradients, {kept} kept for backward",
        f"largest: {', '.join(_largest(costs))}",
    ]
    if any(row.receptive_field for row in costs.rows):
        found.append("field/s: receptive field / stride, in positions of the input")
    if costs.heads:
        names, params, macs = zip(*costs.heads, strict=True)
        found.append(
            f"in training only: {', '.join(names)}, with {sum(params):,} of the "
            f"parameters and {sum(macs):,} of the MACs"
        )
    return found


def _largest(costs: _Costs) -> list[str]:
    found = []
    for what, of in COSTS.items():
        row = max(costs.rows, key=of)
        if of(row):
            share = of(row) / sum(map(of, costs.rows))
            found.append(f"{share:.0%} of the {what} in {row.path}")
    return found
