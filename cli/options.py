"""Arguments and options that several commands have."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from archspec.settings.settings import SETTINGS, Device


def format_option(help: str = "Output format.") -> Any:
    """The option `--format`."""
    return typer.Option("--format", help=help)


SpecArgument = Annotated[
    str,
    typer.Argument(
        metavar="SPEC",
        help="A spec file or a bundled spec's name, which may end in `:VARIANT`.",
    ),
]
ModelArgument = Annotated[
    str,
    typer.Argument(
        metavar="RUN|SPEC",
        help="A run, such as `runs/lenet-1`, or a spec with `--pretrained`.",
    ),
]
SetOption = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="NAME=VALUE", help="Change a param of the spec."),
]
InputOption = Annotated[
    list[str] | None,
    typer.Option(
        "--input",
        metavar="[NAME=]CxHxW",
        help="Change the input, or one of several.",
    ),
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
