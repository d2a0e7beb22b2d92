"""A table of the epochs of a run."""

from __future__ import annotations

from collections.abc import Sequence

from archspec.backends.tables.text_table import text_table
from archspec.runs.history import EpochMetrics, best_epoch

MAX_ROWS = 12  # and the best epoch
HEADER = ("epoch", "train loss", "train acc", "val loss", "val acc", "test acc", "")


def epoch_table(epochs: Sequence[EpochMetrics]) -> list[str]:
    """A table of all epochs, or of some that include the first, the best and the last."""
    best = best_epoch(epochs)
    rows = [_cells(row, is_best=row is best) for row in _chosen(epochs, best)]
    return text_table(HEADER, rows, (6,), optional=(2,))


def _chosen(epochs: Sequence[EpochMetrics], best: EpochMetrics) -> list[EpochMetrics]:
    """All epochs, or the best and some that are spread evenly."""
    count = min(MAX_ROWS, len(epochs))
    gaps = max(1, count - 1)
    spread = {round(n * (len(epochs) - 1) / gaps) for n in range(count)}
    return [row for n, row in enumerate(epochs) if n in spread or row is best]


def _cells(row: EpochMetrics, *, is_best: bool) -> tuple[str, ...]:
    return (
        str(row.epoch),
        f"{row.train_loss:.4f}",
        f"{row.train_accuracy:.4f}",
        f"{row.val_loss:.4f}",
        f"{row.val_accuracy:.4f}",
        fraction(row.test_accuracy),
        "best" if is_best else "",
    )


def fraction(value: float | None) -> str:
    """An accuracy, or an empty cell if it was not measured."""
    return "" if value is None else f"{value:.4f}"
