"""Which images are held out of training: the same ones in every run."""

from __future__ import annotations

import torch
from torch import Tensor

from archspec.runs.errors import TrainingError

VALIDATION_EVERY = 10  # of each class, every tenth training image is for validation


def is_held_out(labels: Tensor, every: int) -> Tensor:
    """True for every so many images of each class, its first among them."""
    held_out = torch.zeros(len(labels), dtype=torch.bool)
    for label in set(labels.tolist()):
        held_out[(labels == label).nonzero().squeeze(1)[::every]] = True
    return held_out


def is_for_validation(labels: Tensor, classes: tuple[str, ...], way_out: str) -> Tensor:
    """True for the training images that a run chooses its best epoch by.

    Raises:
        TrainingError: if a class would have none left to train with.
    """
    for name, images in zip(classes, labels.bincount().tolist(), strict=False):
        if images == 1:
            raise TrainingError(
                f"the class `{name}` has a single training image, and validation takes one "
                f"of each class: {way_out}"
            )
    return is_held_out(labels, VALIDATION_EVERY)
