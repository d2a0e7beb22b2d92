"""`archspec draw`: draw a network."""

from __future__ import annotations

import webbrowser
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
            "-o",
            "--output",
            help="SVG, PNG, PDF, DOT or HTML, by its suffix; `-` prints DOT.",
        ),
    ] = None,
    depth: DepthOption = None,
    direction: Annotated[
        Literal["TB", "LR"],
        typer.Option("--direction", help="Top to bottom, or left to right."),
    ] = "TB",
    open_: Annotated[
        bool, typer.Option("--open", help="Show the picture afterwards.")
    ] = False,
    overrides: SetOption = None,
    input_: InputOption = None,
    variant: VariantOption = None,
) -> None:
    """Draw the network to a file; without `-o`, to NAME.svg."""
    from archspec.backends.drawing.drawing import FORMATS  # graphviz: 60 ms
    from archspec.backends.drawing.drawing import draw as draw_graph

    prints = output == Path("-")
    format_ = _format(output)
    if format_ not in FORMATS:
        known = ", ".join(f"`.{name}`" for name in FORMATS)
        stop(f"`{output}` should end in one of {known}", USAGE)
    if (format_, direction) == ("html", "LR"):
        stop("the page goes from top to bottom: leave `--direction LR` out", USAGE)
    network = load_spec(spec, overrides, input_, variant)
    drawing = draw_graph(network.graph, network.document.source, depth, direction)
    if prints:
        print(drawing.dot, end="")
        return
    path = output or Path(f"{network.graph.name}.svg")
    write_file(path, drawing.render(format_))
    print(f"wrote {path}")
    if open_:
        webbrowser.open(path.resolve().as_uri())


def _format(output: Path | None) -> str:
    """The format of a picture: that of its suffix, or DOT on the standard output."""
    if output is None:
        return "svg"
    return "dot" if output == Path("-") else output.suffix.removeprefix(".").lower()
