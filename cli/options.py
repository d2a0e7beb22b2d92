"""Arguments and options that several commands have."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from archspec.settings.settings import SETTINGS, Device

from .completion import complete_param, complete_spec, complete_variant


def format_option(help: str = "Output format.") -> Any:
    """The option `--format`."""
    return typer.Option("--format", help=help)


SpecArgument = Annotated[
    str,
    typer.Argument(
        metavar="SPEC",
        autocompletion=complete_spec,
        help="A spec file or a bundled spec's name, which may end in `:VARIANT`.",
    ),
]
ModelArgument = Annotated[
    str,
    typer.Argument(
        metavar="RUN|SPEC",
        autocompletion=complete_spec,
        help="A run, such as `runs/lenet-1`, or a spec with `--pretrained`.",
    ),
]
SetOption = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        metavar="NAME=VALUE",
        autocompletion=complete_param,
        help="Change a param of the spec, e.g. `classes=100` (repeatable).",
    ),
]
InputOption = Annotated[
    list[str] | None,
    typer.Option(
        "--input",
        metavar="[NAME=]CxHxW",
        help="Change the input, e.g. `3x64x64`, or one of several (repeatable).",
    ),
]
VariantOption = Annotated[
    str | None,
    typer.Option(
        "--variant",
        metavar="NAME",
        autocompletion=complete_variant,
        help="Choose a variant of the spec.",
    ),
]
DepthOption = Annotated[
    int | None,
    typer.Option("--depth", min=1, metavar="N", help="Fold blocks below depth N."),
]

PictureOption = Annotated[
    Path | None,
    typer.Option(
        "-o",
        "--output",
        metavar="FILE",
        help="Write a picture: `.svg`, `.png` or `.pdf`.",
    ),
]
QuietOption = Annotated[
    bool, typer.Option("--quiet", "-q", help="Print nothing on success.")
]
ForceOption = Annotated[
    bool,
    typer.Option(
        "--force",
        help="Overwrite a file that archspec did not write, or that was edited.",
    ),
]
DeviceOption = Annotated[Device, typer.Option(help=SETTINGS["device"].about)]
WeightsOption = Annotated[
    Path | None,
    typer.Option(metavar=SETTINGS["weights"].metavar, help=SETTINGS["weights"].about),
]
PretrainedOption = Annotated[
    bool,
    typer.Option(
        "--pretrained",
        help="Load torchvision's default weights, as `--weights DEFAULT`.",
    ),
]
RenameOption = Annotated[
    list[str] | None,
    typer.Option(metavar=SETTINGS["rename"].metavar, help=SETTINGS["rename"].about),
]
