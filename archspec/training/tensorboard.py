"""The figures of a run as TensorBoard reads them."""

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
    """Say what is missing before a run has begun.

    Raises:
        TrainingError: if the package is not there.
    """
    try:
        import torch.utils.tensorboard  # noqa: F401  # a second
    except ImportError as error:
        raise TrainingError(
            "`--tensorboard` needs one package more: "
            "`pip install 'archspec-nn[tensorboard]'`"
        ) from error


@contextmanager
def tensorboard_log(run: Path, done: int) -> Iterator[Callable[[EpochMetrics], None]]:
    """A function that writes an epoch to the log of a run of which `done` are done.

    What the log has of later epochs, from before the run was stopped, no longer counts.
    """
    from torch.utils.tensorboard import SummaryWriter

    writer = SummaryWriter(str(run / FOLDER), purge_step=done + 1)

    def log_epoch(row: EpochMetrics) -> None:
        for tag, name in SCALARS.items():
            if (value := getattr(row, name)) is not None:
                writer.add_scalar(tag, value, row.epoch)
        writer.flush()

    with writer:
        yield log_epoch
