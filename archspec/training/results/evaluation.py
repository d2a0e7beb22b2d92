"""Evaluate a network on images that it was not trained with."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import fsum
from pathlib import Path
from typing import Literal

import torch

from archspec.runs.confusion_matrix import ConfusionMatrix
from archspec.runs.errors import TrainingError
from archspec.settings.settings import Device
from archspec.training.data.batch_protocol import BatchLoader
from archspec.training.data.build_loaders import (
    build_test_loader,
    build_training_loaders,
)
from archspec.training.data.image_reading import ImageReading
from archspec.training.distributed.world import World
from archspec.training.results.trained_model import TrainedModel, load_trained_model


@dataclass(frozen=True, slots=True)
class Evaluation:
    """The loss and the predictions of a network."""

    split: Literal["test", "validation"]
    """The images it was evaluated on."""

    loss: float
    """The mean over the images."""

    confusion: ConfusionMatrix

    note: str = ""
    """What to know about these images."""

    warning: str = ""
    """The images that could not be read, if the run skips them."""


def evaluate_run(
    path: Path, *, data_root: Path | None = None, device: Device = "auto"
) -> Evaluation:
    """Evaluate a run on its test images, or on its validation images if it has none.

    Raises:
        TrainingError: if there is no such run, or its data set is missing.
    """
    trained = load_trained_model(path, device)
    if data_root is not None:
        settings = replace(trained.settings, data_root=data_root)
        trained = trained._replace(settings=settings)
    world = World(torch.device(trained.settings.device))
    settings, spec = trained.settings, trained.spec
    reading = ImageReading(settings.skip_unreadable, trained.pixels)
    test = build_test_loader(settings, spec, world, trained.classes, reading)
    if test is not None:
        return Evaluation("test", *_evaluate(trained, test), "", reading.warning())
    _, validation = build_training_loaders(settings, spec, world, reading)
    if validation.classes != trained.classes:
        raise TrainingError(
            f"the classes under `{trained.settings.data_root}` are not those of `{path}`: "
            "use `--data-root DIR` if its images are elsewhere"
        )
    note = "validation images, without a test set: they chose the best epoch, so the accuracy is optimistic"
    return Evaluation(
        "validation", *_evaluate(trained, validation), note, reading.warning()
    )


def evaluate_on_folder(trained: TrainedModel, root: Path) -> Evaluation:
    """Evaluate published weights on the images of `test`, or else of `val`.

    Raises:
        TrainingError: if there are none, or they are of other classes.
    """
    from archspec.training.data.class_folders import relabel
    from archspec.training.data.image_folder import find_evaluation
    from archspec.training.data.streaming_loader import stream

    settings, spec = trained.settings, trained.spec
    reading = ImageReading(pixels=trained.pixels, fit=trained.fit)
    split, found = find_evaluation(root, reading)
    paths = relabel(found, trained.classes, root)
    world = World(torch.device(settings.device))
    loader = stream(paths, settings, spec, world, reading, train=False)
    return Evaluation(split, *_evaluate(trained, loader), warning=reading.warning())


@torch.no_grad()
def _evaluate(
    trained: TrainedModel, loader: BatchLoader
) -> tuple[float, ConfusionMatrix]:
    """The mean loss and the confusion matrix; each image counts once."""
    count = len(trained.classes)
    device = torch.device(trained.settings.device)
    # The counts of the pairs (label, prediction), as indices `label * count + prediction`.
    pairs = torch.zeros(count * count, dtype=torch.int64, device=device)
    losses = []
    for images_NCHW, labels_N, _ in loader.batches():
        logits_NK, loss = trained.objective.evaluate(
            trained.model, images_NCHW, labels_N
        )
        pair_N = labels_N * count + logits_NK.argmax(1)
        pairs += torch.bincount(pair_N, minlength=count * count)
        losses.append(loss)
    confusion = ConfusionMatrix(trained.classes, pairs.view(count, count).tolist())
    return fsum(torch.stack(losses).tolist()) / confusion.images, confusion
