"""The network of a run's best checkpoint, and how images are brought to it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import torch
from torch import nn

from archspec.backends.torch.module_builder import build
from archspec.runs.config import fixed_entries
from archspec.runs.directory import RunDirectory
from archspec.runs.errors import TrainingError
from archspec.settings.settings import Device, Settings
from archspec.spec import Spec
from archspec.training.checkpoint import DamagedCheckpoint, load_checkpoint
from archspec.training.images.tensors import Statistics
from archspec.training.machine.device import settle_device
from archspec.training.objective import Objective


class Trained(NamedTuple):
    """A network on its device, in evaluation mode."""

    spec: Spec
    settings: Settings
    """Of the run; device and precision are those of now."""

    classes: tuple[str, ...]
    model: nn.Module
    objective: Objective
    """Normalises images as those were that the network learned from."""


def load_trained(path: Path, device: Device = "auto") -> Trained:
    """What a run has learned, from its best checkpoint alone.

    It computes in the precision of the run if the device is the same.

    Raises:
        TrainingError: if there is no such run, or no whole checkpoint in it.
    """
    run = RunDirectory.open(path)
    try:
        checkpoint = load_checkpoint(run.best)
    except DamagedCheckpoint as error:
        raise TrainingError(
            f"{error}: `archspec train --resume {path}` sets it aside"
        ) from error
    if fixed_entries(checkpoint.config) != fixed_entries(run.read_config()):
        raise TrainingError(f"`{run.best}` is of another run than the files beside it")
    spec, before = run.rebuild(checkpoint.spec, checkpoint.imports, checkpoint.config)
    settings = settle_device(replace(before, device=device, precision="auto"), spec)
    if settings.device == before.device:
        settings = replace(settings, precision=before.precision)
    model = build(spec.graph)
    try:
        model.load_state_dict(checkpoint.evaluated)
    except RuntimeError as error:
        raise DamagedCheckpoint(run.best) from error
    place = torch.device(settings.device)
    model.to(place, memory_format=torch.channels_last)  # type: ignore[call-overload]
    statistics = Statistics(*checkpoint.statistics)
    objective = Objective(spec, settings, statistics, place)
    return Trained(spec, settings, (*checkpoint.classes,), model.eval(), objective)
