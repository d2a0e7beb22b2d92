"""`archspec summary`: a row per layer, and what it costs."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict
from enum import StrEnum
from typing import Annotated

import typer

from archspec.passes.summarize import Row, summarize
from archspec.spec import Spec

from .options import (
    DepthOption,
    InputOption,
    SetOption,
    SpecArgument,
    VariantOption,
    load_spec,
)

HEADER = ("layer", "op", "output", "parameters", "MACs")


class Format(StrEnum):
    """How the summary is written."""

    table = "table"
    json = "json"
    markdown = "markdown"


def summary(
    spec: SpecArgument,
    depth: DepthOption = None,
    format_: Annotated[
        Format, typer.Option("--format", help="How the summary is written.")
    ] = Format.table,
    settings: SetOption = None,
    input_: InputOption = None,
    variant: VariantOption = None,
) -> None:
    """Show each layer's output shape, parameters and multiply-accumulates."""
    loaded = load_spec(spec, settings, input_, variant)
    rows = list(summarize(loaded.graph.body, loaded.document.source, depth))
    match format_:
        case Format.table:
            print(_table(loaded, rows))
        case Format.json:
            print(json.dumps(_data(loaded, rows), indent=2))
        case Format.markdown:
            print(_markdown(loaded, rows))


def _data(spec: Spec, rows: list[Row]) -> dict[str, object]:
    return {
        "name": spec.name,
        "input": list(spec.input_shape),
        "output": list(spec.output_shape),
        "params": spec.params,
        "macs": spec.macs,
        "layers": [asdict(row) for row in rows],
    }


def _cells(spec: Spec, rows: list[Row]) -> list[tuple[str, ...]]:
    cells = [
        (
            row.path,
            row.op,
            " x ".join(str(size) for size in row.output),
            f"{row.params:,}" if row.params else "",
            f"{row.macs:,}" if row.macs else "",
        )
        for row in rows
    ]
    output = " x ".join(str(size) for size in spec.output_shape)
    return [*cells, ("total", "", output, f"{spec.params:,}", f"{spec.macs:,}")]


def _table(spec: Spec, rows: list[Row]) -> str:
    cells = _cells(spec, rows)
    widths = [max(map(len, column)) for column in zip(HEADER, *cells, strict=True)]
    rule = "-" * (sum(widths) + 2 * (len(widths) - 1))
    lines = [_aligned(row, widths) for row in cells]
    size = " x ".join(str(n) for n in spec.input_shape)
    title = f"{spec.name}, input {size}"
    head = [title, rule, _aligned(HEADER, widths), rule]
    return "\n".join([*head, *lines[:-1], rule, lines[-1]])


def _aligned(row: Iterable[str], widths: list[int]) -> str:
    """Names to the left, numbers to the right."""
    cells = [
        cell.ljust(width) if number < 2 else cell.rjust(width)
        for number, (cell, width) in enumerate(zip(row, widths, strict=True))
    ]
    return "  ".join(cells).rstrip()


def _markdown(spec: Spec, rows: list[Row]) -> str:
    lines = [HEADER, ("---", "---", "---:", "---:", "---:"), *_cells(spec, rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
