"""A warning about the outcome of a run: it ended, but has learned nothing, or cannot."""

from __future__ import annotations

from collections.abc import Sequence
from math import log, sqrt

from archspec.runs.history import EpochMetrics, best_epoch


def outcome_warning(
    history: Sequence[EpochMetrics], num_classes: int, num_val_images: int
) -> str:
    """A sentence about a finished run, "" for most.

    Args:
        history: the metrics of its epochs.
        num_classes: the number of classes of the data set.
        num_val_images: the number of validation images.
    """
    best, last = best_epoch(history), history[-1]
    if num_classes == 1:
        return (
            "the images are of a single class, so there is nothing to learn: "
            "add a folder for each other class"
        )
    guessing = log(num_classes)  # the loss of equal probabilities for all classes
    if last.val_loss > 10 * guessing:
        return (
            f"the validation loss ends at {last.val_loss:.3g}, and equal probabilities for "
            f"all classes have {guessing:.3g}: use a lower `--lr`"
        )
    chance = 1 / num_classes
    deviation = sqrt(chance * (1 - chance) / num_val_images)
    if best.val_accuracy <= chance + deviation < 1:
        return (
            f"the best validation accuracy, {best.val_accuracy:.3f}, is that of guessing "
            f"one of {num_classes} classes: train longer, or with another `--lr`"
        )
    return ""
