"""The data set of a run, found by its name and checked against the network."""

from __future__ import annotations

from pathlib import Path

import torch

from archspec.spec import Spec
from archspec.training.batches import Batches, MemoryBatches
from archspec.training.datasets import Labelled, load_digits, load_torchvision
from archspec.training.errors import TrainingError
from archspec.training.images import convert_channels
from archspec.training.settings import Settings


def open_batches(
    settings: Settings,
    spec: Spec,
    device: torch.device,
    *,
    train: bool,
    download: bool = False,
) -> Batches:
    """The training or the held-out images of a run's data set.

    Raises:
        TrainingError: if it is not there, or its classes are not those of the network.
    """
    if settings.data == "folder":
        return _open_folder(settings, spec, device, train=train)
    found = _load(settings.data, settings.data_root, train=train, download=download)
    check_classes(found.num_classes, settings.data, spec)
    channels, height, width = spec.input_shape
    return MemoryBatches(
        convert_channels(found.images, channels).to(device),
        found.labels.to(device),
        size=(height, width),
        batch_size=settings.batch_size,
        shuffle=train,
    )


def _load(name: str, root: Path, *, train: bool, download: bool) -> Labelled:
    if name == "digits":
        return load_digits(train=train)
    return load_torchvision(name, root, train=train, download=download)


def _open_folder(
    settings: Settings, spec: Spec, device: torch.device, *, train: bool
) -> Batches:
    from archspec.training.folder import open_folder, stream  # 1.7 s

    channels, height, width = spec.input_shape
    images = open_folder(settings.data_root, (channels, height, width), train=train)
    check_classes(len(images.classes), settings.data, spec)
    return stream(images, settings.batch_size, device, shuffle=train)


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
