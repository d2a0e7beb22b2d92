"""`archspec draw`: draw a network."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from .exit_codes import USAGE, stop
from .options import DepthOption, InputOption, SetOption, SpecArgument, VariantOption
from .output_files import write_file
from .spec_loading import load_spec


def draw(
    spec: SpecArgument,
    output: Annotated[
        Path | None,
        typer.Option(
            "-o", "--output", help="SVG, PNG, PDF, DOT or HTML, by its suffix."
        ),
    ] = None,
    depth: DepthOption = None,
    direction: Annotated[
        Literal["TB", "LR"],
        typer.Option("--direction", help="Top to bottom, or left to right."),
    ] = "TB",
    overrides: SetOption = None,
    input_: InputOption = None,
    variant: VariantOption = None,
) -> None:
    """Draw the network; without `-o`, write DOT text to stdout."""
    from archspec.backends.drawing.drawing import FORMATS  # graphviz: 60 ms
    from archspec.backends.drawing.drawing import draw as draw_graph

    format_ = output.suffix.removeprefix(".").lower() if output else "dot"
    if format_ not in FORMATS:
        known = ", ".join(f"`.{name}`" for name in FORMATS)
        stop(f"`{output}` should end in one of {known}", USAGE)
    if (format_, direction) == ("html", "LR"):
        stop("the page goes from top to bottom: leave `--direction LR` out", USAGE)
    network = load_spec(spec, overrides, input_, variant)
    drawing = draw_graph(network.graph, network.document.source, depth, direction)
    if output is None:
        print(drawing.dot, end="")
    else:
        write_file(output, drawing.render(format_))
