"""The course of a run as a picture: losses to the left, accuracies to the right."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path

from archspec.training.files import write_atomically
from archspec.training.metrics import EpochMetrics

LINES = (  # two colours that every eye tells apart
    ("train", "train", "#0072b2", "o"),
    ("val", "validation", "#d55e00", "s"),
)


def draw_curves(rows: Sequence[EpochMetrics], title: str, folder: Path) -> None:
    """Write `curves.png` and `curves.svg`.

    Raises:
        TrainingError: if the disk does not take them.
    """
    from matplotlib.figure import Figure  # 0.7 s, once a run
    from matplotlib.ticker import MaxNLocator

    figure = Figure(figsize=(9, 4), dpi=150, layout="constrained")
    figure.suptitle(title)
    for axes, name in zip(figure.subplots(1, 2), ("loss", "accuracy"), strict=True):
        for part, label, color, marker in LINES:
            values = [getattr(row, f"{part}_{name}") for row in rows]
            epochs = [row.epoch for row in rows]
            axes.plot(epochs, values, label=label, color=color, marker=marker, ms=4)
        axes.set_xlabel("epoch")
        axes.set_ylabel(name)
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        axes.grid(alpha=0.3)
        axes.legend()
    for suffix in ("png", "svg"):
        save = partial(figure.savefig, format=suffix)
        write_atomically(folder / f"curves.{suffix}", save)
