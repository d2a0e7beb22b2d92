"""`archspec draw`: draw a network."""

from __future__ import annotations

import sys
import webbrowser
from pathlib import Path
from struct import unpack
from typing import Annotated, Literal

import typer

from archspec.backends.mark import marked
from archspec.diagnostics.source import Source
from archspec.ir.graph import Graph

from .exit_codes import USAGE, stop
from .options import (
    DepthOption,
    ForceOption,
    InputOption,
    QuietOption,
    SetOption,
    SpecArgument,
    VariantOption,
)
from .output_files import check_output, write_output
from .spec_loading import load_spec


def draw(
    spec: SpecArgument,
    output: Annotated[
        Path | None,
        typer.Option(
            "-o",
            "--output",
            metavar="FILE",
            help="Write `.svg`, `.png`, `.pdf`, `.dot` or `.html`; `-` prints DOT "
            "(default: NAME.svg).",
        ),
    ] = None,
    depth: DepthOption = None,
    direction: Annotated[
        Literal["TB", "LR"],
        typer.Option("--direction", help="Direction: top to bottom, or left to right."),
    ] = "TB",
    title: Annotated[
        str, typer.Option(metavar="TEXT", help="Title above the drawing.")
    ] = "",
    legend: Annotated[
        bool, typer.Option(help="Show the colors of the kinds of layers.")
    ] = True,
    costs: Annotated[bool, typer.Option(help="Show parameters and MACs.")] = True,
    scale: Annotated[
        float,
        typer.Option(min=0.1, max=20, metavar="X", help="Enlarge the picture by X."),
    ] = 1.0,
    open_: Annotated[bool, typer.Option("--open", help="Open the picture.")] = False,
    force: ForceOption = False,
    quiet: QuietOption = False,
    overrides: SetOption = None,
    input_: InputOption = None,
    variant: VariantOption = None,
) -> None:
    """Draw a network as a picture or a page."""
    from archspec.backends.drawing.drawing import FORMATS  # graphviz: 60 ms
    from archspec.backends.drawing.drawing import draw as draw_graph
    from archspec.backends.drawing.look import Look

    prints = output == Path("-")
    format_ = _format(output)
    if format_ not in FORMATS:
        known = ", ".join(f"`.{name}`" for name in FORMATS)
        stop(f"`{output}` should end in one of {known}", USAGE)
    if (format_, direction) == ("html", "LR"):
        stop("a page is drawn from top to bottom: omit `--direction LR`", USAGE)

    def show(graph: Graph, source: Source) -> None:
        look = Look(title, legend, costs, scale)
        drawing = draw_graph(graph, source, depth, direction, look)
        if prints:
            print(drawing.dot, end="")
            return
        path = output or Path(f"{graph.name}.svg")
        check_output(path, force=force)
        picture = drawing.render(format_)
        write_output(path, marked(picture, f".{format_}"), quiet=quiet)
        if format_ == "png" and LARGEST_PNG in unpack(">II", picture[16:24]):
            print(TOO_LARGE, file=sys.stderr)
        if open_:
            webbrowser.open(path.resolve().as_uri())

    network = load_spec(spec, overrides, input_, variant, show_known=show)
    show(network.graph, network.document.source)


LARGEST_PNG = 32_767  # pixels on a side: Graphviz shrinks what is larger
TOO_LARGE = (
    f"note: reduced to the largest PNG, {LARGEST_PNG:,} pixels: write `.svg`, or use "
    "`--depth 1` or a smaller `--scale`"
)


def _format(output: Path | None) -> str:
    """The format of a picture: that of its suffix, or DOT on the standard output."""
    if output is None:
        return "svg"
    return "dot" if output == Path("-") else output.suffix.removeprefix(".").lower()
