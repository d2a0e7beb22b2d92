"""The state of a run on disk: whole or not there, and read without running code."""

from __future__ import annotations

import os
import pickle
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

import torch

from archspec.training.errors import TrainingError
from archspec.training.files import reason, write_atomically
from archspec.training.history import EpochMetrics
from archspec.training.metrics import Totals


@dataclass(slots=True)
class Position:
    """How far a run has come."""

    rows: list[EpochMetrics] = field(default_factory=list)
    """Of the epochs that are done."""

    step: int = 0
    """How many steps of the next epoch are done."""

    totals: Totals = Totals()  # noqa: RUF009  # a tuple
    """Figures of those steps, over all processes."""

    seconds: float = 0.0
    """What those steps took."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkpoint:
    """A run as it was between two steps.

    The schedule has no state of its own: the learning rate follows from the step. Nor
    has the order of the images, which follows from the seed and the epoch.
    """

    spec: str
    """The text of the spec."""

    config: dict[str, Any]
    """What `config.json` holds: the settings, the input and the params."""

    classes: list[str]
    """The names of the classes, by label."""

    num_images: int
    """How many there were to train with."""

    epoch: int
    """How many epochs are done."""

    metrics: list[dict[str, Any]]
    """The lines of `metrics.jsonl` so far."""

    step: int
    """How many steps of the next epoch are done."""

    totals: tuple[float, int, int]
    """Loss, hits and images of those steps."""

    seconds: float
    """What those steps took."""

    statistics: tuple[list[float], list[float]]
    """Mean and standard deviation of each channel of the training images."""

    model: dict[str, Any]
    """State dict: the weights."""

    ema: dict[str, Any]
    """State dict: the averaged weights; empty where there are none."""

    optimizer: dict[str, Any]
    """State dict."""

    scaler: dict[str, Any]
    """State dict; empty where gradients are not scaled."""

    rng: list[dict[str, Any]]
    """The states of each process's random number generators, by device."""

    @property
    def position(self) -> Position:
        """Where the run goes on."""
        rows = [EpochMetrics(**row) for row in self.metrics]
        return Position(rows, self.step, Totals(*self.totals), self.seconds)

    @property
    def evaluated(self) -> dict[str, Any]:
        """The weights whose accuracy counts."""
        return self.ema or self.model


def save_checkpoint(
    path: Path, checkpoint: Checkpoint, previous: Path | None = None
) -> None:
    """Write a checkpoint; the one before stays until it is whole, and then at `previous`.

    Raises:
        TrainingError: if the disk does not take it.
    """
    values = {each.name: getattr(checkpoint, each.name) for each in fields(checkpoint)}

    def keep() -> None:
        if previous and path.exists():
            os.replace(path, previous)  # noqa: PTH105  # the name that says it is atomic

    write_atomically(path, lambda file: torch.save(values, file), before=keep)


def load_checkpoint(path: Path) -> Checkpoint:
    """Read a checkpoint, its tensors on the CPU.

    Raises:
        TrainingError: if it is missing, truncated, or none of ours.
    """
    try:
        values = torch.load(path, map_location="cpu", weights_only=True)
        return Checkpoint(**values)
    except FileNotFoundError as error:
        raise TrainingError(
            f"there is no checkpoint `{path}`: the run stopped before an epoch had ended"
        ) from error
    except (PermissionError, IsADirectoryError) as error:
        raise TrainingError(f"cannot read `{path}`: {reason(error)}") from error
    except (
        OSError,
        RuntimeError,
        EOFError,
        pickle.UnpicklingError,
        TypeError,
    ) as error:
        raise TrainingError(
            f"`{path}` is no whole checkpoint of `archspec train`: remove it"
        ) from error


def random_states(device: torch.device) -> dict[str, Any]:
    """The states of this process's generators."""
    states: dict[str, Any] = {"cpu": torch.get_rng_state()}
    if device.type == "cuda":
        states["cuda"] = torch.cuda.get_rng_state(device)
    if device.type == "mps":
        states["mps"] = torch.mps.get_rng_state()
    return states


def restore_random_states(states: dict[str, Any], device: torch.device) -> None:
    """Go on with the random numbers where `random_states` was taken."""
    torch.set_rng_state(states["cpu"])
    if "cuda" in states and device.type == "cuda":
        torch.cuda.set_rng_state(states["cuda"], device)
    if "mps" in states and device.type == "mps":
        torch.mps.set_rng_state(states["mps"])


def load_latest(last: Path, *earlier: Path, spec: str) -> tuple[Checkpoint | None, str]:
    """The latest checkpoint of a spec that is whole, or None if there is none, and a warning.

    A last one that is damaged is set aside: it must not push a whole one out.

    Raises:
        TrainingError: if there are some, and none can be used.
    """
    fault: TrainingError | None = None
    for path in (last, *earlier):
        if not path.exists():
            continue
        try:
            checkpoint = load_checkpoint(path)
            if checkpoint.spec != spec:
                raise TrainingError(f"`{path}` is of another run: remove it")  # noqa: TRY301
        except TrainingError as error:
            fault = fault or error
            continue
        if not fault or not last.exists():
            return checkpoint, ""
        aside = last.replace(last.with_name(f"{last.stem}.damaged{last.suffix}"))
        what = str(fault).rpartition(":")[0]
        return (
            checkpoint,
            f"{what}: it is now `{aside}`, and the run goes on from `{path}`",
        )
    if fault:
        raise fault
    return None, ""
