"""Data sets that are small enough to be decoded into memory.

`digits` comes with scikit-learn. The others are read from the files of torchvision.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

import torch
from torch import Tensor

from archspec.runs.errors import TrainingError
from archspec.runs.torch_error_wordings import is_missing_dataset
from archspec.training.data.stratified_split import held_out_mask

TORCHVISION = {"mnist": "MNIST", "fashion_mnist": "FashionMNIST", "cifar10": "CIFAR10"}
TEST_EVERY = 5  # `digits` has no test images: every fifth image of each digit


class LabeledImages(NamedTuple):
    """Images as `uint8` [N, C, H, W], their labels [N], and the names of the classes."""

    images: Tensor
    labels: Tensor
    classes: tuple[str, ...]

    def where(self, mask: Tensor) -> LabeledImages:
        """The images for which a mask [N] is true."""
        return LabeledImages(self.images[mask], self.labels[mask], self.classes)


def load_digits(*, train: bool) -> LabeledImages:
    """The 1,797 digits of scikit-learn, 8x8: 1,433 to train with, 364 to test."""
    from sklearn import datasets  # 1 s, and only this data set needs it

    digits = datasets.load_digits()
    images = torch.from_numpy(digits.images)[:, None] * 255 / 16  # 17 levels, 0 to 16
    labels = torch.from_numpy(digits.target).long()
    classes = tuple(str(name) for name in digits.target_names)
    everything = LabeledImages(images.round().to(torch.uint8), labels, classes)
    is_test = held_out_mask(labels, TEST_EVERY)
    return everything.where(~is_test if train else is_test)


def load_torchvision(
    name: str, root: Path, *, train: bool, download: bool
) -> LabeledImages:
    """A data set from torchvision's files under `root`.

    Raises:
        TrainingError: if the files are missing or corrupt, or the download fails.
    """
    from torchvision import datasets  # 1.7 s

    try:
        dataset: Any = getattr(datasets, TORCHVISION[name])(
            root, train=train, download=download
        )
    except Exception as error:  # readers and downloaders raise many types
        raise TrainingError(_explain(error, name, root, download=download)) from error
    images = torch.as_tensor(dataset.data)  # gray [N, H, W], color [N, H, W, C]
    images = images[:, None] if images.ndim == 3 else images.permute(0, 3, 1, 2)
    labels = torch.as_tensor(dataset.targets)
    loaded = LabeledImages(images, labels, tuple(dataset.classes))
    _check_labels(loaded, name, root)
    return loaded


def _explain(error: Exception, name: str, root: Path, *, download: bool) -> str:
    hint = "use `--data-root DIR` for another folder; `--data digits` needs no files"
    reason = (
        str(error).strip().splitlines()[0].rstrip(".")
        if str(error).strip()
        else repr(error)
    )
    if download:
        return f"cannot download `{name}` to `{root}` ({reason}): {hint}"
    if is_missing_dataset(error):
        return (
            f"`{name}` is not in `{root}`: use `--download`, or `--data-root DIR` for "
            "another folder; `--data digits` needs no files"
        )
    return f"cannot read `{name}` under `{root}` ({reason}): {hint}"


def _check_labels(loaded: LabeledImages, name: str, root: Path) -> None:
    images, labels, classes = loaded
    if len(images) != len(labels):
        raise TrainingError(
            f"`{name}` under `{root}` has {len(images)} images and {len(labels)} labels: "
            "download the files again"
        )
    if labels.max() >= len(classes):
        raise TrainingError(
            f"`{name}` under `{root}` has the label {labels.max()}, and {len(classes)} "
            "classes: download the files again"
        )
