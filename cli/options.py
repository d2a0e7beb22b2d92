"""What the commands share: options, and a spec from the command line."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from archspec.compiler import check
from archspec.diagnostics.render import render_full, use_color
from archspec.spec import Spec

FINDINGS, USAGE, BUG = 1, 2, 101  # exit codes; 0 is clean

SpecArgument = Annotated[
    str, typer.Argument(metavar="SPEC", help="A spec file, or a bundled spec's name.")
]
SetOption = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="NAME=VALUE", help="Change a param of the spec."),
]
InputOption = Annotated[
    str | None, typer.Option("--input", metavar="CxHxW", help="Change the input.")
]
VariantOption = Annotated[
    str | None, typer.Option("--variant", metavar="NAME", help="Choose a variant.")
]
DepthOption = Annotated[
    int | None, typer.Option("--depth", min=1, help="Fold blocks that lie deeper.")
]


def load_spec(
    spec: str, settings: list[str] | None, input_: str | None, variant: str | None
) -> Spec:
    """The checked spec; findings go to stderr, and errors end the command."""
    result = check(spec, settings=settings or (), input=input_, variant=variant)
    if result.diagnostics:
        report = render_full(result.diagnostics, color=use_color(sys.stderr))
        print(report, file=sys.stderr)
    if result.spec is None:
        if result.ok:
            stop(f"`{spec}` has blocks and no `net`: there is no network in it")
        raise typer.Exit(FINDINGS)
    return result.spec


def write_file(path: Path, data: str | bytes) -> None:
    """Write an output file; a path that cannot be written ends the command."""
    try:
        if isinstance(data, str):
            path.write_text(data, encoding="utf-8")
        else:
            path.write_bytes(data)
    except OSError as error:
        stop(f"cannot write `{path}`: {(error.strerror or str(error)).lower()}")


def stop(message: str, code: int = FINDINGS) -> NoReturn:
    """End the command with one sentence on stderr."""
    print(f"error: {message}", file=sys.stderr)
    raise typer.Exit(code)
