"""Build the loaders of a run from its settings, and check them against the network."""

from __future__ import annotations

from pathlib import Path

from archspec.lints.class_count import class_fault
from archspec.lints.untrainable_shape import output_fault, port_fault
from archspec.runs.errors import TrainingError
from archspec.settings.settings import Settings
from archspec.spec import Spec
from archspec.training.data.batch_protocol import BatchLoader
from archspec.training.data.datasets import (
    LabeledImages,
    load_digits,
    load_torchvision,
)
from archspec.training.data.image_reading import ImageReading
from archspec.training.data.image_tensors import convert_channels
from archspec.training.data.in_memory_loader import InMemoryLoader
from archspec.training.data.sampling import StepSampler
from archspec.training.data.stratified_split import validation_mask
from archspec.training.distributed.world import World


def build_training_loaders(
    settings: Settings,
    spec: Spec,
    world: World,
    reading: ImageReading | None = None,
    *,
    download: bool = False,
) -> tuple[BatchLoader, BatchLoader]:
    """The loaders of the training and of the validation images.

    Raises:
        TrainingError: if the images are missing, or the network has other classes.
    """
    if settings.data == "folder":
        from archspec.training.data.image_folder import find_training  # 1.7 s
        from archspec.training.data.streaming_loader import stream

        reading = reading or ImageReading(settings.skip_unreadable)
        train, val = find_training(settings.data_root, reading)
        check_classes(train.classes, settings.data, spec)
        return (
            stream(train, settings, spec, world, reading, train=True),
            stream(val, settings, spec, world, reading, train=False),
        )
    images = _load(settings.data, settings.data_root, train=True, download=download)
    check_classes(images.classes, settings.data, spec)
    mask = validation_mask(
        images.labels, images.classes, f"`{settings.data}` needs two of each at least"
    )
    return (
        _in_memory(images.where(~mask), settings, spec, world, train=True),
        _in_memory(images.where(mask), settings, spec, world, train=False),
    )


def build_test_loader(
    settings: Settings,
    spec: Spec,
    world: World,
    classes: tuple[str, ...],
    reading: ImageReading | None = None,
    *,
    download: bool = False,
) -> BatchLoader | None:
    """The loader of the test images, or None for a folder that has none.

    Raises:
        TrainingError: if the images are missing, or have other classes than training.
    """
    test: BatchLoader | None
    if settings.data == "folder":
        from archspec.training.data.image_folder import find_test  # 1.7 s
        from archspec.training.data.streaming_loader import stream

        reading = reading or ImageReading(settings.skip_unreadable)
        paths = find_test(settings.data_root, reading)
        test = paths and stream(paths, settings, spec, world, reading, train=False)
    else:
        images = _load(
            settings.data, settings.data_root, train=False, download=download
        )
        test = _in_memory(images, settings, spec, world, train=False)
    unmatched = sorted(set(test.classes) ^ set(classes)) if test else []
    if unmatched:
        raise TrainingError(
            f"the class `{unmatched[0]}` is only in one of the training and the test images "
            f"of `{settings.data}` under `{settings.data_root}`: both need the same classes"
        )
    return test


def _load(name: str, root: Path, *, train: bool, download: bool) -> LabeledImages:
    if name == "digits":
        return load_digits(train=train)
    return load_torchvision(name, root, train=train, download=download)


def _in_memory(
    images: LabeledImages, settings: Settings, spec: Spec, world: World, *, train: bool
) -> InMemoryLoader:
    channels, _, _ = spec.input_shape
    batch_size = settings.batch_size if train else settings.evaluation_batch_size
    seed = settings.seed if train else None
    return InMemoryLoader(
        convert_channels(images.images, channels).to(world.device),
        images.labels.to(world.device),
        images.classes,
        StepSampler(len(images.labels), batch_size, world, seed),
    )


def check_ports(spec: Spec) -> None:
    """Check that the network takes an image and makes a vector.

    Raises:
        TrainingError: if it does not.
    """
    if fault := port_fault(spec.graph) or output_fault(spec.graph):
        raise TrainingError(f"{fault.message}: {fault.help}")


def check_classes(classes: tuple[str, ...], data: str, spec: Spec) -> None:
    """Check that the network has one output for each class.

    Raises:
        TrainingError: if it has not.
    """
    if message := class_fault(spec.graph, data, len(classes)):
        hint = (
            f"use `--set classes={len(classes)}`"
            if "classes" in spec.param_values
            else f"give its last layer {len(classes)} outputs"
        )
        raise TrainingError(f"{message}: {hint}")
