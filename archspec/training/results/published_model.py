"""A network with published weights, which predicts the classes they were trained for."""

from __future__ import annotations

from pathlib import Path

import torch

from archspec.backends.torch.module_from_source import build
from archspec.runs.errors import TrainingError
from archspec.settings.settings import Device, Settings
from archspec.spec import Spec
from archspec.training.device import resolve_device
from archspec.training.objective import Objective
from archspec.training.results.trained_model import TrainedModel
from archspec.training.weights.loading import load_weights
from archspec.training.weights.published import (
    categories,
    find_published,
    preparation_of,
    statistics_of,
)


def load_published_model(
    spec: Spec, source: Path, device: Device = "auto"
) -> TrainedModel:
    """Load published weights into a network, on its device and in 32 bits.

    Raises:
        TrainingError: if the weights cannot be loaded, or are not those of its classes.
    """
    weights = find_published(source, spec)
    preparation = preparation_of(weights, spec)
    model = build(spec.graph)
    report = load_weights(model, spec, source, adapt=True)
    if report.new_head:
        raise TrainingError(
            f"the head of `{spec.name}` is new, so that its predictions would be random: "
            f"train it with `archspec train --weights {weights}`\n{report}"
        )
    settings = Settings(data="folder", device=resolve_device(device), precision="32")
    target = torch.device(settings.device)
    model.to(target, memory_format=torch.channels_last)  # type: ignore[call-overload]
    statistics = statistics_of(weights, spec.input_shape[0])
    return TrainedModel(
        spec=spec,
        settings=settings,
        classes=categories(weights),
        model=model.eval(),
        objective=Objective(spec, settings, statistics, target),
        pixels=None,
        fit=preparation,
    )
