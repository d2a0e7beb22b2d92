"""Write the metrics of a run as a log for TensorBoard."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from archspec.runs.errors import TrainingError
from archspec.runs.history import EpochMetrics

FOLDER = "tensorboard"
SCALARS = {
    "loss/train": "train_loss",
    "loss/validation": "val_loss",
    "loss/test": "test_loss",
    "accuracy/train": "train_accuracy",
    "accuracy/validation": "val_accuracy",
    "accuracy/test": "test_accuracy",
    "lr": "lr",
    "images_per_second": "images_per_second",
}


def require_tensorboard() -> None:
    """Check that TensorBoard is installed, before a run starts.

    Raises:
        TrainingError: if it is not.
    """
    try:
        import torch.utils.tensorboard  # noqa: F401  # 1 s
    except ImportError as error:
        raise TrainingError(
            "`--tensorboard` needs one package more: `pip install tensorboard`"
        ) from error


@contextmanager
def tensorboard_log(run: Path, done: int) -> Iterator[Callable[[EpochMetrics], None]]:
    """A function that writes the metrics of an epoch to the log.

    Epochs after the first `done` are removed from the log: a run that is resumed trains
    them again.
    """
    from torch.utils.tensorboard import SummaryWriter

    writer = SummaryWriter(str(run / FOLDER), purge_step=done + 1)

    def log_epoch(metrics: EpochMetrics) -> None:
        for tag, name in SCALARS.items():
            if (value := getattr(metrics, name)) is not None:
                writer.add_scalar(tag, value, metrics.epoch)
        writer.flush()

    with writer:
        yield log_epoch
