"""`archspec evaluate`: the accuracy of a run's best checkpoint, class by class."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from archspec.runs.confusion_matrix import (
    MAX_ANNOTATED,
    ConfusionMatrix,
    draw_confusion_matrix,
)
from archspec.training.cpu_runtime import configure_cpu_runtime

from .epochs import fraction
from .options import DeviceOption, PictureOption, format_option
from .output_files import check_picture
from .table import text_table

if TYPE_CHECKING:
    from archspec.training.results.evaluation import Evaluation

MAX_PAIRS = 20  # lines
MAX_HEADER = 5  # characters of a class name that fits above a column


def evaluate(
    run: Annotated[
        Path,
        typer.Argument(metavar="RUN", help="A run directory, such as `runs/lenet-1`."),
    ],
    output: PictureOption = None,
    format_: Annotated[
        Literal["table", "json"], format_option("How the output is")
    ] = "table",
    data_root: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR", help="The folder of the data sets, if it has moved."
        ),
    ] = None,
    device: DeviceOption = "auto",
) -> None:
    """Measure a run's best checkpoint on the test images; `-o` draws the confusions."""
    if output:
        check_picture(output)
    configure_cpu_runtime()
    from archspec.training.results.evaluation import evaluate_run  # loads torch

    found = evaluate_run(run, data_root=data_root, device=device)
    if format_ == "json":
        print(json.dumps(_data(found), indent=2))
    else:
        print("\n".join(_report(found)))
    if found.warning:
        print(f"warning: {found.warning}", file=sys.stderr)
    if output:
        title = f"{run}: {found.split} accuracy {found.confusion.accuracy:.4f}"
        draw_confusion_matrix(found.confusion, title, output)


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
    if found.split == "validation":
        lines.append("there are no test images: these have chosen the best epoch")
    is_small = len(confusion.classes) <= MAX_ANNOTATED
    matrix = _matrix(confusion) if is_small else _pairs(confusion)
    return [*lines, "", *_by_class(confusion), "", *matrix]


def _by_class(confusion: ConfusionMatrix) -> list[str]:
    """A table with a row for each class."""
    worst = {pair.label: pair for pair in reversed(confusion.misclassifications())}
    rows = []
    for label, name in enumerate(confusion.classes):
        words = ""
        if pair := worst.get(label):
            words = f"{confusion.classes[pair.predicted]} ({pair.images:,})"
        images = f"{sum(confusion.counts[label]):,}"
        accuracy = fraction(confusion.class_accuracy(label))
        rows.append((name, images, accuracy, words))
    header = ("class", "images", "accuracy", "most often taken for")
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
    title = "what the images of a class (rows) were taken for (columns)"
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
    header = ("class", "taken for", "images", "of the class")
    return text_table(header, rows, (0, 1))
