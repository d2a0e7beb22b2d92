"""`archspec predict`: what a run's best checkpoint sees in images from disk."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated

import typer

from archspec.training.errors import TrainingError
from archspec.training.machine.runtime import prepare_runtime
from archspec.training.settings import Device

from .formats import PredictFormat
from .options import FINDINGS


def predict(
    run: Annotated[
        Path,
        typer.Argument(metavar="RUN", help="A run directory, such as `runs/lenet-1`."),
    ],
    images: Annotated[
        list[Path], typer.Argument(metavar="IMAGE...", help="Image files.")
    ],
    top: Annotated[
        int, typer.Option(min=1, help="How many classes to show for an image.")
    ] = 3,
    format_: PredictFormat = "table",
    device: Annotated[Device, typer.Option(help="What computes.")] = "auto",
) -> None:
    """Show the most likely classes of images, and their probabilities."""
    prepare_runtime()
    from archspec.training.results.predict import (
        predict as predict_image,  # loads torch
    )
    from archspec.training.results.trained import load_trained

    trained = load_trained(run, device)
    found: dict[Path, list[tuple[str, float]]] = {}
    failed = []
    for path in dict.fromkeys(images):
        try:
            found[path] = predict_image(trained, path, top)
        except TrainingError as error:
            failed.append(f"error: {error}")
    if format_ == "json":
        print(json.dumps([_data(*item) for item in found.items()], indent=2))
    elif found:
        print("\n".join(_lines(found)))
    if failed:
        print("\n".join(failed), file=sys.stderr)
        raise typer.Exit(FINDINGS)


def _data(path: Path, classes: list[tuple[str, float]]) -> dict[str, object]:
    guesses = [{"class": name, "probability": chance} for name, chance in classes]
    return {"image": str(path), "classes": guesses}


def _lines(found: dict[Path, list[tuple[str, float]]]) -> list[str]:
    """A line for each image, aligned."""
    paths = max(len(str(path)) for path in found)
    names = max(len(name) for classes in found.values() for name, _ in classes)
    return [
        "  ".join(
            [
                f"{path!s:<{paths}}",
                *(f"{name:<{names}} {chance:.4f}" for name, chance in classes),
            ]
        )
        for path, classes in found.items()
    ]
