"""What the commands share: options, and a spec from the command line."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from archspec.checker import check
from archspec.settings.settings import SETTINGS, Device
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

PictureOption = Annotated[
    Path | None,
    typer.Option("-o", "--output", help="A picture: SVG, PNG or PDF, by its suffix."),
]
DeviceOption = Annotated[Device, typer.Option(help=SETTINGS["device"].about)]
WeightsOption = Annotated[
    Path | None,
    typer.Option(metavar=SETTINGS["weights"].metavar, help=SETTINGS["weights"].about),
]
RenameOption = Annotated[
    list[str] | None,
    typer.Option(metavar=SETTINGS["rename"].metavar, help=SETTINGS["rename"].about),
]


def load_spec(
    spec: str,
    overrides: list[str] | None,
    input_: str | None,
    variant: str | None,
    train: Mapping[str, str] | None = None,
) -> Spec:
    """The checked spec; findings go to stderr, and errors end the command."""
    result = check(
        spec, overrides=overrides or (), input=input_, variant=variant, train=train
    )
    if result.diagnostics:
        from archspec.diagnostics.render import render_for

        _report_once(render_for(sys.stderr, result.diagnostics))
    if result.spec is None:
        if result.ok:
            stop(f"`{spec}` has blocks and no `net`: there is no network in it")
        raise typer.Exit(FINDINGS)
    return result.spec


def check_picture(path: Path) -> None:
    """End the command if the suffix is of no picture."""
    from archspec.runs.figures import FORMATS

    if path.suffix.removeprefix(".").lower() not in FORMATS:
        known = ", ".join(f"`.{name}`" for name in FORMATS)
        stop(f"`{path}` should end in one of {known}", USAGE)


def write_file(path: Path, data: str | bytes) -> None:
    """Write an output file, whole or not at all."""
    from archspec.runs.atomic_files import write_atomically

    content = data.encode() if isinstance(data, str) else data
    write_atomically(path, lambda file: file.write(content))


def stop(message: str, code: int = FINDINGS) -> NoReturn:
    """End the command with one sentence on stderr."""
    _report_once(f"error: {message}")
    raise typer.Exit(code)


def _report_once(text: str) -> None:
    """Write to stderr in one of the processes that share a run."""
    from archspec.training.distributed.launch_environment import is_reporting_process

    if is_reporting_process():
        print(text, file=sys.stderr)
