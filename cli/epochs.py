"""The epochs of a run as a small table."""

from __future__ import annotations

from collections.abc import Sequence

from archspec.runs.history import EpochMetrics, best_epoch

from .table import text_table

MOST = 12  # rows
HEADER = ("epoch", "train loss", "train acc", "val loss", "val acc", "test acc", "")


def epoch_table(epochs: Sequence[EpochMetrics]) -> list[str]:
    """Lines: the first epoch, the best, the last, and some between if there are many."""
    best = best_epoch(epochs)
    rows = [_cells(row, is_best=row is best) for row in _chosen(epochs, best)]
    return text_table(HEADER, rows, (6,))


def _chosen(epochs: Sequence[EpochMetrics], best: EpochMetrics) -> list[EpochMetrics]:
    """All, or some that are spread evenly, and the best."""
    count = min(MOST, len(epochs))
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
    """An accuracy, or nothing where none was measured."""
    return "" if value is None else f"{value:.4f}"
