"""`archspec evaluate`: how good a run's best checkpoint is, class by class."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from archspec.training.machine.runtime import prepare_runtime
from archspec.training.results.confusion import MOST_WRITTEN, Confusion, draw_confusion
from archspec.training.settings import Device

from .epochs import fraction
from .formats import EvaluateFormat
from .options import PictureOption, check_picture
from .table import text_table

if TYPE_CHECKING:
    from archspec.training.results.evaluate import Evaluation

MOST_PAIRS = 20  # lines
SHORT = 5  # characters of a class that heads a column


def evaluate(
    run: Annotated[
        Path,
        typer.Argument(metavar="RUN", help="A run directory, such as `runs/lenet-1`."),
    ],
    output: PictureOption = None,
    format_: EvaluateFormat = "table",
    data_root: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR", help="The folder of the data sets, if it has moved."
        ),
    ] = None,
    device: Annotated[Device, typer.Option(help="What computes.")] = "auto",
) -> None:
    """Measure a run's best checkpoint on the test images; `-o` draws the confusions."""
    if output:
        check_picture(output)
    prepare_runtime()
    from archspec.training.results.evaluate import evaluate_run  # loads torch

    found = evaluate_run(run, data_root=data_root, device=device)
    if format_ == "json":
        print(json.dumps(_data(found), indent=2))
    else:
        print("\n".join(_report(found)))
    if output:
        title = f"{run}: {found.part} accuracy {found.confusion.accuracy:.4f}"
        draw_confusion(found.confusion, title, output)


def _data(found: Evaluation) -> dict[str, object]:
    confusion = found.confusion
    return {
        "part": found.part,
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
    accuracy = f"{found.part} accuracy {confusion.accuracy:.4f}"
    lines = [f"{accuracy} ({hits}), loss {found.loss:.4f}"]
    if found.part == "validation":
        lines.append("there are no test images: these have chosen the best epoch")
    is_small = len(confusion.classes) <= MOST_WRITTEN
    matrix = _matrix(confusion) if is_small else _pairs(confusion)
    return [*lines, "", *_by_class(confusion), "", *matrix]


def _by_class(confusion: Confusion) -> list[str]:
    """Lines of a table with a row for each class."""
    worst = {mistake.label: mistake for mistake in reversed(confusion.mistakes())}
    rows = []
    for label, name in enumerate(confusion.classes):
        words = ""
        if mistake := worst.get(label):
            words = f"{confusion.classes[mistake.taken_for]} ({mistake.images:,})"
        images = f"{sum(confusion.counts[label]):,}"
        accuracy = fraction(confusion.class_accuracy(label))
        rows.append((name, images, accuracy, words))
    header = ("class", "images", "accuracy", "most often taken for")
    return text_table(header, rows, (0, 3))


def _matrix(confusion: Confusion) -> list[str]:
    """Lines of a table with a row and a column for each class."""
    names: Sequence[str] = confusion.classes
    heads = [*names]
    if max(map(len, names)) > SHORT:  # long names head no columns: numbers do
        heads = [str(label) for label in range(len(names))]
        width = max(map(len, heads))
        names = [
            f"{head:>{width}}  {name}"
            for head, name in zip(heads, confusion.classes, strict=True)
        ]
    rows = [
        (name, *(f"{images:,}" if images else "." for images in row))
        for name, row in zip(names, confusion.counts, strict=True)
    ]
    title = "what the images of a class (rows) were taken for (columns)"
    return [title, *text_table(("class", *heads), rows, (0,))]


def _pairs(confusion: Confusion) -> list[str]:
    """Lines of a table of the classes that were confused most often."""
    rows = [
        (
            confusion.classes[mistake.label],
            confusion.classes[mistake.taken_for],
            f"{mistake.images:,}",
            f"{mistake.images / sum(confusion.counts[mistake.label]):.4f}",
        )
        for mistake in confusion.mistakes()[:MOST_PAIRS]
    ]
    header = ("class", "taken for", "images", "of the class")
    return text_table(header, rows, (0, 1))
