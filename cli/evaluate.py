"""`archspec evaluate`: the accuracy of a network, class by class."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from archspec.backends.tables.text_table import text_table
from archspec.diagnostics.terminal import output_width
from archspec.runs.confusion_matrix import (
    MAX_ANNOTATED,
    ConfusionMatrix,
    draw_confusion_matrix,
)
from archspec.settings.settings import default_data_root
from archspec.training.cpu_runtime import configure_cpu_runtime

from .epochs import fraction
from .exit_codes import USAGE, announce_torch, stop
from .model_loading import check_is_run, load_published, weights_source
from .options import (
    DeviceOption,
    ForceOption,
    InputOption,
    ModelArgument,
    PictureOption,
    PretrainedOption,
    SetOption,
    VariantOption,
    WeightsOption,
    format_option,
)
from .output_files import check_picture

if TYPE_CHECKING:
    from archspec.training.results.evaluation import Evaluation

MAX_PAIRS = 20  # lines
MAX_HEADER = 5  # characters of a class name that fits above a column


def evaluate(
    model: ModelArgument,
    output: PictureOption = None,
    force: ForceOption = False,
    format_: Annotated[Literal["table", "json"], format_option()] = "table",
    weights: WeightsOption = None,
    pretrained: PretrainedOption = False,
    overrides: SetOption = None,
    input_: InputOption = None,
    variant: VariantOption = None,
    data: Annotated[
        Literal["folder"] | None,
        typer.Option(help="Data set for a spec; a run has its own."),
    ] = None,
    data_root: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR",
            help="Directory of the data sets, if you moved them.",
        ),
    ] = None,
    device: DeviceOption = "auto",
) -> None:
    """Evaluate a network on the test images; `-o` plots the confusion matrix.

    A run uses its best checkpoint and its data set. A spec uses published weights.
    """
    source = weights_source(weights, pretrained=pretrained)
    if source and data is None:
        stop("choose the images: `--data folder --data-root DIR`", USAGE)
    if source is None:
        check_is_run(model, overrides, input_, variant)
    if source is None and data:
        stop("a run is evaluated on its own data set: omit `--data`", USAGE)
    if output:
        check_picture(output, force=force)
    announce_torch()
    configure_cpu_runtime()
    from archspec.training.results.evaluation import (  # loads torch
        evaluate_on_folder,
        evaluate_run,
    )

    if source:
        trained = load_published(model, source, device, overrides, input_, variant)
        found = evaluate_on_folder(trained, data_root or default_data_root())
    else:
        found = evaluate_run(Path(model), data_root=data_root, device=device)
    if format_ == "json":
        print(json.dumps(_data(found), indent=2))
    else:
        print("\n".join(_report(found)))
    if found.warning:
        print(f"warning: {found.warning}", file=sys.stderr)
    if output:
        title = f"{model}: {found.split} accuracy {found.confusion.accuracy:.4f}"
        draw_confusion_matrix(found.confusion, title, output)
        print(f"wrote {output}", file=sys.stderr)


def _data(found: Evaluation) -> dict[str, object]:
    confusion = found.confusion
    return {
        "part": found.split,
        "accuracy": confusion.accuracy,
        "loss": found.loss,
        "images": confusion.images,
        "correct": confusion.correct,
        "classes": [
            {
                "name": name,
                "images": sum(row),
                "correct": row[label],
                "accuracy": confusion.class_accuracy(label),
            }
            for label, (name, row) in enumerate(
                zip(confusion.classes, confusion.counts, strict=True)
            )
        ],
        "confusion": confusion.counts,
    }


def _report(found: Evaluation) -> list[str]:
    confusion = found.confusion
    hits = f"{confusion.correct:,} of {confusion.images:,}"
    accuracy = f"{found.split} accuracy {confusion.accuracy:.4f}"
    lines = [f"{accuracy} ({hits}), loss {found.loss:.4f}"]
    if found.note:
        lines.append(found.note)
    matrix = _matrix(confusion) if len(confusion.classes) <= MAX_ANNOTATED else []
    if not matrix or max(map(len, matrix)) > output_width():
        matrix = _pairs(confusion)
    return [*lines, "", *_by_class(confusion), "", *matrix]


def _by_class(confusion: ConfusionMatrix) -> list[str]:
    """A table with a row for each class; of many, those without images are omitted."""
    are_many = len(confusion.classes) > MAX_ANNOTATED
    worst = {pair.label: pair for pair in reversed(confusion.misclassifications())}
    rows = []
    for label, name in enumerate(confusion.classes):
        if are_many and not any(confusion.counts[label]):
            continue
        words = ""
        if pair := worst.get(label):
            words = f"{confusion.classes[pair.predicted]} ({pair.images:,})"
        images = f"{sum(confusion.counts[label]):,}"
        accuracy = fraction(confusion.class_accuracy(label))
        rows.append((name, images, accuracy, words))
    header = ("class", "images", "accuracy", "most often predicted as")
    return text_table(header, rows, (0, 3))


def _matrix(confusion: ConfusionMatrix) -> list[str]:
    """The confusion matrix: a row for each class, a column for each prediction."""
    names: Sequence[str] = confusion.classes
    headers = [*names]
    if max(map(len, names)) > MAX_HEADER:  # numbers stand for long names
        headers = [str(label) for label in range(len(names))]
        width = max(map(len, headers))
        names = [
            f"{header:>{width}}  {name}"
            for header, name in zip(headers, confusion.classes, strict=True)
        ]
    rows = [
        (name, *(f"{images:,}" if images else "." for images in row))
        for name, row in zip(names, confusion.counts, strict=True)
    ]
    title = "images of a class (rows) by predicted class (columns)"
    return [title, *text_table(("class", *headers), rows, (0,))]


def _pairs(confusion: ConfusionMatrix) -> list[str]:
    """A table of the classes that were confused most often."""
    rows = [
        (
            confusion.classes[pair.label],
            confusion.classes[pair.predicted],
            f"{pair.images:,}",
            f"{pair.images / sum(confusion.counts[pair.label]):.4f}",
        )
        for pair in confusion.misclassifications()[:MAX_PAIRS]
    ]
    header = ("class", "predicted as", "images", "of the class")
    return text_table(header, rows, (0, 1))
