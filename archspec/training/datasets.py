"""Data sets small enough for memory, decoded once.

Each gives its training or its test images as they are in the files; `digits` comes
with scikit-learn, the others are read from torchvision's own layout, whole or a subset.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

import torch
from torch import Tensor

from archspec.training.errors import TrainingError

TORCHVISION = {"mnist": "MNIST", "fashion_mnist": "FashionMNIST", "cifar10": "CIFAR10"}
EVERY = 5  # of each digit, every fifth image is held out


class Labelled(NamedTuple):
    """Images as bytes [N, C, H, W], their labels [N], and the classes there are."""

    images: Tensor
    labels: Tensor
    num_classes: int


def load_digits(*, train: bool) -> Labelled:
    """scikit-learn's 1,797 digits of 8x8: 1,433 to train with, 364 held out.

    The same images are held out in every run, a fifth of each class.
    """
    from sklearn import datasets  # a second, and only this set needs it

    digits = datasets.load_digits()
    labels = torch.from_numpy(digits.target).long()
    is_held_out = torch.zeros(len(labels), dtype=torch.bool)
    for label in range(len(digits.target_names)):
        is_held_out[(labels == label).nonzero().squeeze(1)[::EVERY]] = True
    images = torch.from_numpy(digits.images)[:, None] * 255 / 16  # 17 levels, 0 to 16
    chosen = ~is_held_out if train else is_held_out
    return Labelled(
        images[chosen].round().to(torch.uint8), labels[chosen], len(digits.target_names)
    )


def load_torchvision(name: str, root: Path, *, train: bool, download: bool) -> Labelled:
    """A data set from torchvision's files under `root`.

    Raises:
        TrainingError: if the files are missing or broken, or cannot be downloaded.
    """
    from torchvision import datasets  # 1.7 s

    try:
        dataset: Any = getattr(datasets, TORCHVISION[name])(
            root, train=train, download=download
        )
    except Exception as error:  # many kinds: each reader and downloader has its own
        raise TrainingError(_explain(error, name, root, download=download)) from error
    images = torch.as_tensor(dataset.data)  # grey [N, H, W], colour [N, H, W, C]
    images = images[:, None] if images.ndim == 3 else images.permute(0, 3, 1, 2)
    labelled = Labelled(images, torch.as_tensor(dataset.targets), len(dataset.classes))
    _check(labelled, name, root)
    return labelled


def _explain(error: Exception, name: str, root: Path, *, download: bool) -> str:
    ways_out = "`--data-root DIR` says where it is, `--data digits` needs no files"
    reason = (
        str(error).strip().splitlines()[0].rstrip(".")
        if str(error).strip()
        else repr(error)
    )
    if download:
        return f"cannot download `{name}` to `{root}` ({reason}): {ways_out}"
    if "not found" in reason:  # torchvision's word
        return f"there is no `{name}` under `{root}`: {ways_out}, and `--download` fetches it"
    return f"cannot read `{name}` under `{root}` ({reason}): {ways_out}"


def _check(labelled: Labelled, name: str, root: Path) -> None:
    images, labels, num_classes = labelled
    if len(images) != len(labels):
        raise TrainingError(
            f"`{name}` under `{root}` has {len(images)} images and {len(labels)} labels: "
            "fetch its files anew"
        )
    if labels.max() >= num_classes:
        raise TrainingError(
            f"`{name}` under `{root}` has the label {labels.max()}, and {num_classes} "
            "classes: fetch its files anew"
        )
