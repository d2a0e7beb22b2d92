"""`archspec compile`: the network as PyTorch source."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from .options import (
    USAGE,
    InputOption,
    SetOption,
    SpecArgument,
    VariantOption,
    load_spec,
    stop,
    write_file,
)


def compile_(
    spec: SpecArgument,
    output: Annotated[
        Path | None, typer.Option("-o", "--output", help="A `.py` file to write.")
    ] = None,
    settings: SetOption = None,
    input_: InputOption = None,
    variant: VariantOption = None,
) -> None:
    """Write the network as PyTorch source that needs only torch."""
    from archspec.backends.python_source import MARK, to_source

    if output and output.suffix != ".py":
        stop(
            f"`-o` writes Python: name a file that ends in `.py`, not `{output}`", USAGE
        )
    source = to_source(load_spec(spec, settings, input_, variant))
    if output is None:
        print(source, end="")
        return
    if output.is_file() and MARK not in output.read_text("utf-8", "replace"):
        stop(f"`{output}` exists and archspec has not written it: remove it first")
    write_file(output, source)
