"""The course of a run as a picture: losses to the left, accuracies to the right."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from archspec.training.files import write_atomically
from archspec.training.metrics import EpochMetrics

TRAIN, VALIDATION = "#0072b2", "#d55e00"  # apart for every kind of colour vision


def draw_curves(rows: Sequence[EpochMetrics], title: str, folder: Path) -> None:
    """Write `curves.png` and `curves.svg`.

    Raises:
        TrainingError: if the disk does not take them.
    """
    from matplotlib.figure import Figure  # noqa: PLC0415  # 0.7 s, once a run
    from matplotlib.ticker import MaxNLocator  # noqa: PLC0415

    figure = Figure(figsize=(9, 4), layout="constrained")
    figure.suptitle(title)
    epochs = [row.epoch for row in rows]
    loss, accuracy = figure.subplots(1, 2)
    loss.plot(epochs, [row.train_loss for row in rows], color=TRAIN, marker="o", label="train")
    loss.plot(
        epochs, [row.val_loss for row in rows], color=VALIDATION, marker="s", label="validation"
    )
    loss.set_ylabel("loss")
    accuracy.plot(
        epochs, [row.train_accuracy for row in rows], color=TRAIN, marker="o", label="train"
    )
    accuracy.plot(
        epochs,
        [row.val_accuracy for row in rows],
        color=VALIDATION,
        marker="s",
        label="validation",
    )
    accuracy.set_ylabel("accuracy")
    accuracy.set_ylim(top=1)
    for axes in (loss, accuracy):
        axes.set_xlabel("epoch")
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        axes.grid(alpha=0.3)
        axes.legend()
    for suffix in ("png", "svg"):
        write_atomically(
            folder / f"curves.{suffix}",
            lambda file, suffix=suffix: figure.savefig(file, format=suffix, dpi=150),
        )
