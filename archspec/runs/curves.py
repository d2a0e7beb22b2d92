"""Training curves as a figure: losses on the left, accuracies on the right."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from archspec.runs.figures import save_figure
from archspec.runs.history import EpochMetrics, best_epoch

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

SPLITS = {"train": "train", "val": "validation", "test": "test"}
LINE_STYLES = {"train": "-", "val": "--", "test": ":"}
MARKERS = {"train": "o", "val": "s", "test": "^"}
# The colors of Okabe and Ito, which color-blind readers can tell apart, without yellow.
BLUE, ORANGE, GREEN, *MORE = (
    "#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#000000",
)  # fmt: skip
COLORS = {"train": BLUE, "val": ORANGE, "test": GREEN}
RUN_COLORS = (BLUE, ORANGE, GREEN, *MORE)
MAX_MARKED = 25  # epochs: with more, the markers hide the line


def draw_curves(history: Sequence[EpochMetrics], title: str, folder: Path) -> None:
    """Write `curves.png` and `curves.svg` of a run.

    Raises:
        TrainingError: if a file cannot be written.
    """
    figure, axes = _panels(len(history), height=4)
    figure.suptitle(f"{title}\n{_describe_best(history)}", fontsize="medium")
    styles = _styles(len(history))
    for quantity, panel in axes.items():
        for split, values in _curves(history, quantity):
            style = styles[split] | {"color": COLORS[split]}
            panel.plot([metrics.epoch for metrics in history], values, **style)
        best = best_epoch(history).epoch
        panel.axvline(best, color="0.6", lw=0.8, zorder=0, label="best epoch")
        panel.legend()
    for suffix in ("png", "svg"):
        save_figure(figure, folder / f"curves.{suffix}")


def compare_curves(runs: Mapping[str, Sequence[EpochMetrics]], path: Path) -> None:
    """Draw the curves of several runs, by name; the suffix of the path is the format.

    Each run has its color, and each split of the data its line style.

    Raises:
        TrainingError: if the file cannot be written.
    """
    from matplotlib.lines import Line2D

    longest = max(map(len, runs.values()))
    figure, axes = _panels(longest, height=4 + 0.2 * len(runs))
    styles = _styles(longest)
    run_lines, splits = [], dict[str, None]()
    for color, (name, history) in zip(
        _run_colors(len(runs)), runs.items(), strict=True
    ):
        for quantity, panel in axes.items():
            for split, values in _curves(history, quantity):
                style = styles[split] | {"color": color}
                panel.plot([metrics.epoch for metrics in history], values, **style)
                splits[split] = None
        label = f"{name}: {_describe_best(history)}"
        run_lines.append(Line2D([], [], color=color, label=label))
    split_lines = [Line2D([], [], color="0.3", **styles[split]) for split in splits]
    figure.legend(handles=run_lines, loc="outside lower left", frameon=False)
    figure.legend(handles=split_lines, loc="outside lower right", frameon=False)
    save_figure(figure, path)


def _panels(epochs: int, height: float) -> tuple[Figure, dict[str, Axes]]:
    """A figure with two panels, for the losses and for the accuracies."""
    from matplotlib.figure import Figure  # 0.7 s
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
    """Keyword arguments of the curve of each split, except for its color."""
    return {
        split: {
            "label": label,
            "linestyle": LINE_STYLES[split],
            "marker": MARKERS[split] if epochs <= MAX_MARKED else "",
            "markersize": 4,
        }
        for split, label in SPLITS.items()
    }


def _curves(
    history: Sequence[EpochMetrics], quantity: str
) -> Iterator[tuple[str, list[float]]]:
    """Each split and its values; the test split may be missing."""
    for split in SPLITS:
        values = [getattr(metrics, f"{split}_{quantity}") for metrics in history]
        if None not in values:
            yield split, values


def _describe_best(history: Sequence[EpochMetrics]) -> str:
    best = best_epoch(history)
    words = f"best validation accuracy {best.val_accuracy:.4f} after epoch {best.epoch}"
    if best.test_accuracy is None:
        return words
    return f"{words}, test accuracy {best.test_accuracy:.4f}"


def _run_colors(count: int) -> Sequence[Any]:
    if count <= len(RUN_COLORS):
        return RUN_COLORS[:count]
    from matplotlib import colormaps

    return [colormaps["viridis"](number / (count - 1)) for number in range(count)]
