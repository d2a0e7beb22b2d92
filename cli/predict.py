"""`archspec predict`: predict the classes of image files."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated, Literal

import typer

from archspec.runs.errors import TrainingError
from archspec.training.cpu_runtime import configure_cpu_runtime

from .exit_codes import announce_torch, code_of
from .model_loading import check_is_run, load_published, weights_source
from .options import (
    DeviceOption,
    InputOption,
    ModelArgument,
    PretrainedOption,
    SetOption,
    VariantOption,
    WeightsOption,
    format_option,
)


def predict(
    model: ModelArgument,
    images: Annotated[
        list[Path], typer.Argument(metavar="IMAGE...", help="Image files.")
    ],
    top: Annotated[
        int, typer.Option(min=1, metavar="N", help="Number of classes for each image.")
    ] = 3,
    format_: Annotated[Literal["table", "json"], format_option()] = "table",
    weights: WeightsOption = None,
    pretrained: PretrainedOption = False,
    overrides: SetOption = None,
    input_: InputOption = None,
    variant: VariantOption = None,
    device: DeviceOption = "auto",
) -> None:
    """Predict the classes of images, with probabilities."""
    announce_torch()
    configure_cpu_runtime()
    from archspec.training.results.prediction import (
        predict as predict_image,  # loads torch
    )
    from archspec.training.results.trained_model import load_trained_model

    if source := weights_source(weights, pretrained=pretrained):
        trained = load_published(model, source, device, overrides, input_, variant)
    else:
        check_is_run(model, overrides, input_, variant)
        trained = load_trained_model(Path(model), device)
    found: dict[Path, list[tuple[str, float]]] = {}
    errors = []
    for path in dict.fromkeys(images):
        try:
            found[path] = predict_image(trained, path, top)
        except TrainingError as error:
            errors.append(error)
    if format_ == "json":
        print(json.dumps([_data(*item) for item in found.items()], indent=2))
    elif found:
        print("\n".join(_lines(found)))
    for each in errors:
        print(f"error: {each}", file=sys.stderr)
    if errors:
        raise typer.Exit(max(map(code_of, errors)))


def _data(path: Path, classes: list[tuple[str, float]]) -> dict[str, object]:
    predictions = [
        {"class": name, "probability": probability} for name, probability in classes
    ]
    return {"image": str(path), "classes": predictions}


def _lines(found: dict[Path, list[tuple[str, float]]]) -> list[str]:
    """An aligned line for each image."""
    paths = max(len(str(path)) for path in found)
    names = max(len(name) for classes in found.values() for name, _ in classes)
    return [
        "  ".join(
            [
                f"{path!s:<{paths}}",
                *(f"{name:<{names}} {value:.4f}" for name, value in classes),
            ]
        )
        for path, classes in found.items()
    ]
