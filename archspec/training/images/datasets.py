"""Data sets small enough for memory, decoded once.

Each gives its training or its test images as they are in the files; `digits` comes
with scikit-learn, the others are read from torchvision's own layout, whole or a subset.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

import torch
from torch import Tensor

from archspec.runs.errors import TrainingError
from archspec.runs.torch_errors import is_missing_dataset
from archspec.training.images.split import is_held_out

TORCHVISION = {"mnist": "MNIST", "fashion_mnist": "FashionMNIST", "cifar10": "CIFAR10"}
TEST_EVERY = 5  # of each digit, every fifth image is for testing


class Labelled(NamedTuple):
    """Images as bytes [N, C, H, W], their labels [N], and the names of the classes."""

    images: Tensor
    labels: Tensor
    classes: tuple[str, ...]

    def chosen(self, is_chosen: Tensor) -> Labelled:
        """Some of the images, by a truth value for each."""
        return Labelled(self.images[is_chosen], self.labels[is_chosen], self.classes)


def load_digits(*, train: bool) -> Labelled:
    """scikit-learn's 1,797 digits of 8x8: 1,433 to train with, 364 to test."""
    from sklearn import datasets  # a second, and only this set needs it

    digits = datasets.load_digits()
    images = torch.from_numpy(digits.images)[:, None] * 255 / 16  # 17 levels, 0 to 16
    labels = torch.from_numpy(digits.target).long()
    classes = tuple(str(name) for name in digits.target_names)
    whole = Labelled(images.round().to(torch.uint8), labels, classes)
    is_test = is_held_out(labels, TEST_EVERY)
    return whole.chosen(~is_test if train else is_test)


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
    labels = torch.as_tensor(dataset.targets)
    labelled = Labelled(images, labels, tuple(dataset.classes))
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
    if is_missing_dataset(error):
        return f"there is no `{name}` under `{root}`: {ways_out}, and `--download` fetches it"
    return f"cannot read `{name}` under `{root}` ({reason}): {ways_out}"


def _check(labelled: Labelled, name: str, root: Path) -> None:
    images, labels, classes = labelled
    if len(images) != len(labels):
        raise TrainingError(
            f"`{name}` under `{root}` has {len(images)} images and {len(labels)} labels: "
            "fetch its files anew"
        )
    if labels.max() >= len(classes):
        raise TrainingError(
            f"`{name}` under `{root}` has the label {labels.max()}, and {len(classes)} "
            "classes: fetch its files anew"
        )
