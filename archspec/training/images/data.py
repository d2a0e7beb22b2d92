"""The images of a run, found by the data set's name and checked against the network."""

from __future__ import annotations

from pathlib import Path

from archspec.runs.errors import TrainingError
from archspec.settings.settings import Settings
from archspec.spec import Spec
from archspec.training.images.batches import Batches, MemoryBatches
from archspec.training.images.datasets import (
    Labelled,
    load_digits,
    load_torchvision,
)
from archspec.training.images.order import Order
from archspec.training.images.split import is_for_validation
from archspec.training.images.tensors import convert_channels
from archspec.training.machine.world import World


def open_training(
    settings: Settings, spec: Spec, world: World, *, download: bool = False
) -> tuple[Batches, Batches]:
    """The images to train with, and those to choose the best epoch by.

    Raises:
        TrainingError: if they are not there, or their classes are not the network's.
    """
    if settings.data == "folder":
        from archspec.training.images.folder import find_training  # 1.7 s
        from archspec.training.images.streaming import stream

        train, val = find_training(settings.data_root)
        check_classes(train.classes, settings.data, spec)
        return (
            stream(train, settings, spec, world, train=True),
            stream(val, settings, spec, world, train=False),
        )
    found = _load(settings.data, settings.data_root, train=True, download=download)
    check_classes(found.classes, settings.data, spec)
    is_val = is_for_validation(
        found.labels, found.classes, f"`{settings.data}` needs two of each at least"
    )
    return (
        _in_memory(found.chosen(~is_val), settings, spec, world, train=True),
        _in_memory(found.chosen(is_val), settings, spec, world, train=False),
    )


def open_test(
    settings: Settings,
    spec: Spec,
    world: World,
    classes: tuple[str, ...],
    *,
    download: bool = False,
) -> Batches | None:
    """The images to report about; None: a folder that has none.

    Raises:
        TrainingError: if they are not there, or have not the classes of training.
    """
    test: Batches | None
    if settings.data == "folder":
        from archspec.training.images.folder import find_test  # 1.7 s
        from archspec.training.images.streaming import stream

        images = find_test(settings.data_root)
        test = images and stream(images, settings, spec, world, train=False)
    else:
        found = _load(settings.data, settings.data_root, train=False, download=download)
        test = _in_memory(found, settings, spec, world, train=False)
    odd = sorted(set(test.classes) ^ set(classes)) if test else []
    if odd:
        raise TrainingError(
            f"the class `{odd[0]}` is only in one of the training and the test images of "
            f"`{settings.data}` under `{settings.data_root}`: both need the same classes"
        )
    return test


def _load(name: str, root: Path, *, train: bool, download: bool) -> Labelled:
    if name == "digits":
        return load_digits(train=train)
    return load_torchvision(name, root, train=train, download=download)


def _in_memory(
    found: Labelled, settings: Settings, spec: Spec, world: World, *, train: bool
) -> MemoryBatches:
    channels, _, _ = spec.input_shape
    batch_size = settings.batch_size if train else settings.evaluation_batch_size
    seed = settings.seed if train else None
    return MemoryBatches(
        convert_channels(found.images, channels).to(world.device),
        found.labels.to(world.device),
        found.classes,
        Order(len(found.labels), batch_size, world, seed),
    )


def check_classes(classes: tuple[str, ...], data: str, spec: Spec) -> None:
    """Refuse a network whose outputs are not one number for each class."""
    if len(spec.output_shape) != 1:
        shape = " x ".join(str(size) for size in spec.output_shape)
        raise TrainingError(
            f"`{spec.name}` makes {shape} numbers for an image, and training needs one for "
            "each class: end the network with `flatten | linear(classes)`"
        )
    (outputs,) = spec.output_shape
    if outputs != len(classes):
        way_out = (
            f"use `--set classes={len(classes)}`"
            if "classes" in spec.param_values
            else f"give its last layer {len(classes)} outputs"
        )
        raise TrainingError(
            f"`{data}` has {len(classes)} classes, and `{spec.name}` has {outputs} outputs: "
            f"{way_out}"
        )
