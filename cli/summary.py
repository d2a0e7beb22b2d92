"""`archspec summary`: print a table of the layers and their costs."""

from __future__ import annotations

from typing import Annotated, Literal

import typer

from archspec.diagnostics.source import Source
from archspec.ir.graph import Graph

from .options import (
    DepthOption,
    InputOption,
    SetOption,
    SpecArgument,
    VariantOption,
    format_option,
)
from .spec_loading import load_spec


def summary(
    spec: SpecArgument,
    depth: DepthOption = None,
    batch: Annotated[
        int,
        typer.Option(
            min=1,
            max=65536,
            metavar="N",
            help="Batch size, for the memory of the activations.",
        ),
    ] = 1,
    format_: Annotated[
        Literal["table", "json", "markdown", "csv"], format_option()
    ] = "table",
    overrides: SetOption = None,
    input_: InputOption = None,
    variant: VariantOption = None,
) -> None:
    """List the layers: output shape, receptive field, parameters, MACs and memory."""
    from archspec.backends.tables.summary_table import Summary

    shows_known = format_ == "table"
    loaded = load_spec(
        spec,
        overrides,
        input_,
        variant,
        show_known=_print_known if shows_known else None,
    )
    found = Summary(loaded.graph, loaded.document.source, depth, batch)
    match format_:
        case "table":
            print(found.text())
        case "json":
            print(found.json())
        case "markdown":
            print(found.markdown())
        case "csv":
            print(found.csv())


def _print_known(graph: Graph, source: Source) -> None:
    from archspec.backends.tables.known_layers import known_layers

    print(known_layers(graph, source))
