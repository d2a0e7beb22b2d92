"""The metrics of each epoch of a run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from math import isfinite


@dataclass(frozen=True, slots=True)
class EpochMetrics:
    """One line of `metrics.jsonl`."""

    epoch: int
    """Counted from 1."""

    train_loss: float
    train_accuracy: float
    """Averages over the epoch, while the weights change."""

    val_loss: float
    val_accuracy: float
    """On the validation images, after the epoch."""

    lr: float
    """The learning rate of the last step of the epoch."""

    images_per_second: float
    """Throughput of training, evaluation not included."""

    seconds: float
    """Duration of training and evaluation."""

    test_loss: float | None = None
    test_accuracy: float | None = None
    """On the test images, after the epoch; not used to choose the best epoch."""

    def __post_init__(self) -> None:
        """Check values that were read from a file.

        Raises:
            TypeError: if a value is not a number.
            ValueError: if a value is NaN or infinite.
        """
        for each in fields(self):
            value = getattr(self, each.name)
            is_optional = value is None and each.default is None
            if not is_optional and not isfinite(value):
                raise ValueError(each.name)


def best_epoch(history: Sequence[EpochMetrics]) -> EpochMetrics:
    """The first epoch with the highest validation accuracy; `best.pt` has its weights."""
    return max(history, key=lambda metrics: metrics.val_accuracy)
