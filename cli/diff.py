"""`archspec diff`: compare two networks."""

from __future__ import annotations

from typing import Annotated, Literal

import typer

from archspec.backends.mark import marked

from .options import (
    ForceOption,
    InputOption,
    PictureOption,
    SetOption,
    format_option,
)
from .output_files import check_picture, write_output
from .spec_loading import load_spec


def diff(
    before: Annotated[
        str,
        typer.Argument(
            metavar="A",
            help="A spec file or a bundled name; `FILE:VARIANT` is one of its variants.",
        ),
    ],
    after: Annotated[
        str, typer.Argument(metavar="B", help="Another spec file or bundled name.")
    ],
    output: PictureOption = None,
    force: ForceOption = False,
    format_: Annotated[Literal["table", "json"], format_option()] = "table",
    overrides: SetOption = None,
    input_: InputOption = None,
) -> None:
    """Compare two networks. `--set` and `--input` change both."""
    if output:
        check_picture(output, force=force)
    from archspec.backends.tables.diff_table import Comparison

    one, other = (load_spec(name, overrides, input_, None) for name in (before, after))
    found = Comparison(one.graph, other.graph, (before, after))
    print(found.json() if format_ == "json" else found)
    if output:
        from archspec.backends.drawing.changes import draw_changes

        drawing = draw_changes(found.changes, one.graph, other.graph)
        suffix = output.suffix.lower()
        write_output(output, marked(drawing.render(suffix[1:]), suffix))
