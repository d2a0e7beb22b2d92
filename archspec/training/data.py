"""The images of a run as batches: bytes in the network's shape, on the run's device."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import torch
from torch import Tensor

from archspec.spec import Spec
from archspec.training.datasets import Labelled, load_digits, load_torchvision
from archspec.training.errors import TrainingError
from archspec.training.images import Statistics, convert_channels, measure, resize
from archspec.training.settings import Settings


class Batches(Protocol):
    """A pass over a set of images; a training set gives each pass a new order."""

    @property
    def num_images(self) -> int:
        """In a whole pass."""

    def __len__(self) -> int:
        """The number of batches."""

    def __iter__(self) -> Iterator[tuple[Tensor, Tensor]]:
        """Images [N, C, H, W] as bytes and labels [N], on the device."""


@dataclass(frozen=True, slots=True)
class Data:
    """What a run learns from, and what it is measured on."""

    train: Batches
    val: Batches
    statistics: Statistics
    """Of the training images: what both are normalised with."""


def open_data(
    settings: Settings, spec: Spec, device: torch.device, *, download: bool = False
) -> Data:
    """The data set of a run, checked against the network.

    Raises:
        TrainingError: if it is not there, or its classes are not those of the network.
    """
    _, height, width = spec.input_shape
    if settings.data == "folder":
        return _open_folder(settings, spec, device)
    splits = []
    for train in (True, False):
        found = _load(settings.data, settings.data_root, train=train, download=download)
        check_classes(found.num_classes, settings.data, spec)
        images = convert_channels(found.images, spec.input_shape[0])
        splits.append(
            MemoryBatches(
                images.to(device),
                found.labels.to(device),
                size=(height, width),
                batch_size=settings.batch_size,
                shuffle=train,
            )
        )
    train_batches, val_batches = splits
    return Data(train_batches, val_batches, measure(train_batches.images))


def _load(name: str, root: Path, *, train: bool, download: bool) -> Labelled:
    if name == "digits":
        return load_digits(train=train)
    return load_torchvision(name, root, train=train, download=download)


def _open_folder(settings: Settings, spec: Spec, device: torch.device) -> Data:
    from archspec.training.folder import (  # noqa: PLC0415  # torchvision takes 1.7 s
        measure_some,
        open_folders,
        stream,
    )

    channels, height, width = spec.input_shape
    train, val = open_folders(settings.data_root, (channels, height, width))
    check_classes(len(train.classes), settings.data, spec)
    return Data(
        stream(train, settings.batch_size, device, shuffle=True),
        stream(val, settings.batch_size, device, shuffle=False),
        measure_some(train),
    )


def check_classes(num_classes: int, data: str, spec: Spec) -> None:
    """Refuse a network whose outputs are not one number for each class."""
    if len(spec.output_shape) != 1:
        shape = " x ".join(str(size) for size in spec.output_shape)
        raise TrainingError(
            f"`{spec.name}` makes {shape} numbers for an image, and training needs one for "
            "each class: end the network with `flatten | linear(classes)`"
        )
    (outputs,) = spec.output_shape
    if outputs != num_classes:
        way_out = (
            f"use `--set classes={num_classes}`"
            if "classes" in spec.settings
            else f"give its last layer {num_classes} outputs"
        )
        raise TrainingError(
            f"`{data}` has {num_classes} classes, and `{spec.name}` has {outputs} outputs: "
            f"{way_out}"
        )


@dataclass(frozen=True, slots=True)
class MemoryBatches:
    """Batches of images that lie on the device, decoded, in their own size."""

    images: Tensor  # [N, C, h, w], bytes
    labels: Tensor  # [N]
    size: tuple[int, int]  # (H, W), the network's
    batch_size: int
    shuffle: bool

    @property
    def num_images(self) -> int:
        """In a whole pass."""
        return len(self.labels)

    def __len__(self) -> int:
        """The number of batches."""
        return -(-self.num_images // self.batch_size) - self._leaves_lone_image()

    def __iter__(self) -> Iterator[tuple[Tensor, Tensor]]:
        """Images [N, C, H, W] as bytes and labels [N], on the device."""
        order = torch.randperm if self.shuffle else torch.arange
        indices = order(self.num_images).to(self.images.device)
        for index in indices.split(self.batch_size)[: len(self)]:
            yield resize(self.images[index], *self.size), self.labels[index]

    def _leaves_lone_image(self) -> bool:
        """Whether training would end a pass with one image: batch norm needs two."""
        alone = (
            self.num_images > self.batch_size and self.num_images % self.batch_size == 1
        )
        return self.shuffle and alone and self.batch_size > 1
