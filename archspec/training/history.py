"""How a run went: what is measured in each epoch, without torch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from math import isfinite


@dataclass(frozen=True, slots=True)
class EpochMetrics:
    """A line of `metrics.jsonl`."""

    epoch: int
    """From 1."""

    train_loss: float
    train_accuracy: float
    """Over the epoch, while the weights changed."""

    val_loss: float
    val_accuracy: float
    """Of the validation images, after the epoch."""

    lr: float
    """Of the epoch's last step."""

    images_per_second: float
    """While training, without the evaluation."""

    seconds: float
    """Training and evaluation."""

    test_loss: float | None = None
    test_accuracy: float | None = None
    """Of the test images, after the epoch; nothing is chosen by them."""

    def __post_init__(self) -> None:
        """Refuse what is no number: it was read from a file.

        Raises:
            TypeError: if a value is none.
            ValueError: if it is not finite.
        """
        for each in fields(self):
            value = getattr(self, each.name)
            is_left_out = value is None and each.default is None
            if not is_left_out and not isfinite(value):
                raise ValueError(each.name)


def best_epoch(rows: Sequence[EpochMetrics]) -> EpochMetrics:
    """The epoch whose weights are in `best.pt`: the first of the highest accuracy."""
    return max(rows, key=lambda row: row.val_accuracy)
