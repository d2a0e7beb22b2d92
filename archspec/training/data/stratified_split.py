"""Split images by class: the same images are held out in every run."""

from __future__ import annotations

import torch
from torch import Tensor

from archspec.runs.errors import TrainingError

VALIDATION_EVERY = 10  # every tenth training image of each class


def held_out_mask(labels: Tensor, every: int) -> Tensor:
    """True for the first and then every so many images of each class.

    >>> held_out_mask(torch.tensor([0, 1, 0, 0, 1]), every=2).tolist()
    [True, True, False, True, False]
    """
    mask = torch.zeros(len(labels), dtype=torch.bool)
    for label in set(labels.tolist()):
        mask[(labels == label).nonzero().squeeze(1)[::every]] = True
    return mask


def validation_mask(labels: Tensor, classes: tuple[str, ...], hint: str) -> Tensor:
    """True for the training images that become validation images.

    Raises:
        TrainingError: if a class has a single image, with `hint` at the end.
    """
    for name, images in zip(classes, labels.bincount().tolist(), strict=False):
        if images == 1:
            raise TrainingError(
                f"the class `{name}` has a single training image, and validation takes one "
                f"of each class: {hint}"
            )
    return held_out_mask(labels, VALIDATION_EVERY)
