"""The course of runs as a picture: losses to the left, accuracies to the right."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from archspec.training.history import EpochMetrics, best_epoch
from archspec.training.results.picture import save_picture

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

PARTS = {"train": "train", "val": "validation", "test": "test"}
DASHES = {"train": "-", "val": "--", "test": ":"}
MARKERS = {"train": "o", "val": "s", "test": "^"}
# Okabe and Ito's colours, which every eye tells apart, without the pale yellow.
BLUE, ORANGE, GREEN, *MORE = (
    "#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#000000",
)  # fmt: skip
COLORS = {"train": BLUE, "val": ORANGE, "test": GREEN}
RUN_COLORS = (BLUE, ORANGE, GREEN, *MORE)
MOST_MARKED = 25  # epochs: markers of more would hide the line


def draw_curves(rows: Sequence[EpochMetrics], title: str, folder: Path) -> None:
    """Write `curves.png` and `curves.svg` of a run.

    Raises:
        TrainingError: if the disk does not take them.
    """
    figure, axes = _panels(len(rows), height=4)
    figure.suptitle(f"{title}\n{_describe_best(rows)}", fontsize="medium")
    styles = _styles(len(rows))
    for quantity, panel in axes.items():
        for part, values in _curves(rows, quantity):
            style = styles[part] | {"color": COLORS[part]}
            panel.plot([row.epoch for row in rows], values, **style)
        best = best_epoch(rows).epoch
        panel.axvline(best, color="0.6", lw=0.8, zorder=0, label="best epoch")
        panel.legend()
    for suffix in ("png", "svg"):
        save_picture(figure, folder / f"curves.{suffix}")


def compare_curves(runs: Mapping[str, Sequence[EpochMetrics]], path: Path) -> None:
    """Draw the curves of several runs, by name; the suffix of the path is the format.

    A run has its colour, and a part of the data its dashes.

    Raises:
        TrainingError: if the disk does not take the picture.
    """
    from matplotlib.lines import Line2D

    longest = max(map(len, runs.values()))
    figure, axes = _panels(longest, height=4 + 0.2 * len(runs))
    styles = _styles(longest)
    lines, parts = [], dict[str, None]()
    for color, (name, rows) in zip(_run_colors(len(runs)), runs.items(), strict=True):
        for quantity, panel in axes.items():
            for part, values in _curves(rows, quantity):
                style = styles[part] | {"color": color}
                panel.plot([row.epoch for row in rows], values, **style)
                parts[part] = None
        label = f"{name}: {_describe_best(rows)}"
        lines.append(Line2D([], [], color=color, label=label))
    dashes = [Line2D([], [], color="0.3", **styles[part]) for part in parts]
    figure.legend(handles=lines, loc="outside lower left", frameon=False)
    figure.legend(handles=dashes, loc="outside lower right", frameon=False)
    save_picture(figure, path)


def _panels(epochs: int, height: float) -> tuple[Figure, dict[str, Axes]]:
    """A figure with axes for the losses and for the accuracies."""
    from matplotlib.figure import Figure  # 0.7 s, once a run
    from matplotlib.ticker import MaxNLocator

    figure = Figure(figsize=(9, height), dpi=150, layout="constrained")
    axes = dict(zip(("loss", "accuracy"), figure.subplots(1, 2), strict=True))
    for quantity, panel in axes.items():
        panel.set_xlabel("epoch")
        panel.set_ylabel(quantity)
        panel.set_xlim(0.5, epochs + 0.5)
        whole = MaxNLocator(integer=True, steps=[1, 2, 5, 10], min_n_ticks=1)
        panel.xaxis.set_major_locator(whole)
        panel.grid(alpha=0.3)
        panel.spines[["top", "right"]].set_visible(False)
    return figure, axes


def _styles(epochs: int) -> dict[str, dict[str, Any]]:
    """How the curve of each part of the data is drawn, beside its colour."""
    return {
        part: {
            "label": label,
            "linestyle": DASHES[part],
            "marker": MARKERS[part] if epochs <= MOST_MARKED else "",
            "markersize": 4,
        }
        for part, label in PARTS.items()
    }


def _curves(
    rows: Sequence[EpochMetrics], quantity: str
) -> Iterator[tuple[str, list[float]]]:
    """The parts of the data and their values; there may be no test images."""
    for part in PARTS:
        values = [getattr(row, f"{part}_{quantity}") for row in rows]
        if None not in values:
            yield part, values


def _describe_best(rows: Sequence[EpochMetrics]) -> str:
    best = best_epoch(rows)
    words = f"best validation accuracy {best.val_accuracy:.4f} after epoch {best.epoch}"
    if best.test_accuracy is None:
        return words
    return f"{words}, test accuracy {best.test_accuracy:.4f}"


def _run_colors(count: int) -> Sequence[Any]:
    if count <= len(RUN_COLORS):
        return RUN_COLORS[:count]
    from matplotlib import colormaps

    return [colormaps["viridis"](number / (count - 1)) for number in range(count)]
