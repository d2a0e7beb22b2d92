"""Measure the best checkpoint of a run on the held-out images."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import torch

from archspec.backends.torch_module import build
from archspec.training.checkpoint import load_checkpoint
from archspec.training.data import open_test
from archspec.training.device import settle_device
from archspec.training.images import Statistics
from archspec.training.metrics import Totals
from archspec.training.objective import Objective
from archspec.training.run_directory import RunDirectory
from archspec.training.settings import Device
from archspec.training.world import World


def evaluate_run(
    path: Path, *, data_root: Path | None = None, device: Device = "auto"
) -> Totals:
    """Loss and accuracy of a run's best checkpoint.

    The network is rebuilt from the checkpoint alone. Images are normalised as those
    were that it learned from.

    Raises:
        TrainingError: if there is no such run, or its data set is not there.
    """
    run = RunDirectory.open(path)
    checkpoint = load_checkpoint(run.best)
    spec, settings = run.rebuild(checkpoint.spec, checkpoint.config)
    settings = replace(settings, device=device, precision="auto")
    if data_root is not None:
        settings = replace(settings, data_root=data_root)
    settings = settle_device(settings)
    world = World(torch.device(settings.device))
    model = build(spec)
    model.load_state_dict(checkpoint.evaluated)
    model.to(world.device, memory_format=torch.channels_last)  # type: ignore[call-overload]
    batches = open_test(settings, spec, world, tuple(checkpoint.classes))
    statistics = Statistics(*checkpoint.statistics)
    objective = Objective(spec, settings, statistics, world.device)
    totals = objective.evaluate(model, batches, world)
    assert totals
    return totals
