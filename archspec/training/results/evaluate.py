"""Measure the best checkpoint of a run on images that it has not learned from."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import fsum
from pathlib import Path
from typing import Literal

import torch

from archspec.runs.confusion_matrix import ConfusionMatrix
from archspec.runs.errors import TrainingError
from archspec.settings.settings import Device
from archspec.training.images.batches import Batches
from archspec.training.images.data import open_test, open_training
from archspec.training.machine.world import World
from archspec.training.results.trained import Trained, load_trained


@dataclass(frozen=True, slots=True)
class Evaluation:
    """How good a network is."""

    part: Literal["test", "validation"]
    """Which images it was measured on."""

    loss: float
    """Mean over the images."""

    confusion: ConfusionMatrix


def evaluate_run(
    path: Path, *, data_root: Path | None = None, device: Device = "auto"
) -> Evaluation:
    """Measure a run on its test images, or on those for validation if it has no others.

    Raises:
        TrainingError: if there is no such run, or its data set is not there.
    """
    trained = load_trained(path, device)
    if data_root is not None:
        settings = replace(trained.settings, data_root=data_root)
        trained = trained._replace(settings=settings)
    world = World(torch.device(trained.settings.device))
    batches = open_test(trained.settings, trained.spec, world, trained.classes)
    if batches is not None:
        return Evaluation("test", *_measure(trained, batches))
    _, validation = open_training(trained.settings, trained.spec, world)
    if validation.classes != trained.classes:
        raise TrainingError(
            f"the classes under `{trained.settings.data_root}` are not those of `{path}`: "
            "use `--data-root DIR` if its images are elsewhere"
        )
    return Evaluation("validation", *_measure(trained, validation))


@torch.no_grad()
def _measure(trained: Trained, batches: Batches) -> tuple[float, ConfusionMatrix]:
    """The mean loss, and what was taken for what; each image counts once."""
    count = len(trained.classes)
    device = torch.device(trained.settings.device)
    pairs = torch.zeros(count * count, dtype=torch.int64, device=device)
    losses = []
    for images_NCHW, labels_N, _ in batches.steps():
        logits_NK, loss = trained.objective(trained.model, images_NCHW, labels_N)
        pair_N = labels_N * count + logits_NK.argmax(1)
        pairs += torch.bincount(pair_N, minlength=count * count)
        losses.append(loss)
    confusion = ConfusionMatrix(trained.classes, pairs.view(count, count).tolist())
    return fsum(torch.stack(losses).tolist()) / confusion.images, confusion
