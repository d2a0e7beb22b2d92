"""Load the network of the best checkpoint of a run."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import torch
from torch import nn

from archspec.backends.torch.module_from_source import build
from archspec.runs.config import different_entry
from archspec.runs.directory import RunDirectory
from archspec.runs.errors import TrainingError
from archspec.settings.settings import Device, Settings
from archspec.spec import Spec
from archspec.training.checkpoint import CorruptCheckpointError, load_checkpoint
from archspec.training.data.image_reading import Fit
from archspec.training.data.input_normalization import ChannelStatistics
from archspec.training.data.pixel_format import PixelFormat
from archspec.training.device import resolve_auto
from archspec.training.objective import Objective
from archspec.training.weights.earlier_names import with_present_names


class TrainedModel(NamedTuple):
    """A network on its device, in evaluation mode."""

    spec: Spec
    settings: Settings
    """The settings of the run, with the device and the precision to use now."""

    classes: tuple[str, ...]
    model: nn.Module
    objective: Objective
    """Normalizes images with the statistics of the training images."""

    pixels: PixelFormat | None
    """The pixels of the training images, if the run has recorded them."""

    fit: Fit | None = None
    """How images get the size of the input; by default they are resized."""


def load_trained_model(path: Path, device: Device = "auto") -> TrainedModel:
    """Load the network of a run from its best checkpoint alone.

    On the same type of device, it keeps the precision of the run.

    Raises:
        TrainingError: if there is no such run, or its checkpoint is missing or corrupt.
    """
    run = RunDirectory.open(path)
    try:
        checkpoint = load_checkpoint(run.best)
    except CorruptCheckpointError as error:
        raise TrainingError(
            f"{error}: `archspec train --resume {path}` sets it aside"
        ) from error
    if name := different_entry(checkpoint.config, run.read_config()):
        raise TrainingError(
            f"`{run.best}` belongs to another run than the files next to it: `{name}` differs"
        )
    spec, before = run.rebuild(checkpoint.spec, checkpoint.imports, checkpoint.config)
    settings = resolve_auto(replace(before, device=device, precision="auto"), spec)
    if settings.device == before.device:
        settings = replace(settings, precision=before.precision)
    model = build(spec.graph)
    try:
        model.load_state_dict(with_present_names(checkpoint.evaluated_weights, model))
    except RuntimeError as error:
        raise TrainingError(
            f"the weights in `{run.best}` do not match its spec: train a new run"
        ) from error
    target = torch.device(settings.device)
    model.to(target, memory_format=torch.channels_last)  # type: ignore[call-overload]
    statistics = ChannelStatistics(*checkpoint.statistics)
    objective = Objective(spec, settings, statistics, target)
    return TrainedModel(
        spec=spec,
        settings=settings,
        classes=(*checkpoint.classes,),
        model=model.eval(),
        objective=objective,
        pixels=checkpoint.pixel_format,
    )
