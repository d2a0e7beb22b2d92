"""The state of a run on disk: whole or not there, and read without running code."""

from __future__ import annotations

import pickle
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import torch

from archspec.training.errors import TrainingError
from archspec.training.files import reason, write_atomically


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkpoint:
    """A run as it was when an epoch had ended.

    The schedule has no state of its own: the learning rate follows from the epoch.
    """

    spec: str
    """The text of the spec."""

    config: dict[str, Any]
    """What `config.json` holds: the settings, the input and the params."""

    epoch: int
    """How many epochs are done."""

    best_accuracy: float
    """The highest validation accuracy so far."""

    metrics: list[dict[str, Any]]
    """The lines of `metrics.jsonl` so far."""

    statistics: tuple[list[float], list[float]]
    """Mean and standard deviation of each channel of the training images."""

    model: dict[str, Any]
    """State dict: the weights."""

    optimizer: dict[str, Any]
    """State dict."""

    scaler: dict[str, Any]
    """State dict; empty where gradients are not scaled."""

    rng: dict[str, Any]
    """The states of the random number generators, by device."""


def save_checkpoint(path: Path, checkpoint: Checkpoint) -> None:
    """Write a checkpoint; until it is whole, the one before stays.

    Raises:
        TrainingError: if the disk does not take it.
    """
    values = {each.name: getattr(checkpoint, each.name) for each in fields(checkpoint)}
    write_atomically(path, lambda file: torch.save(values, file))


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


def random_states() -> dict[str, Any]:
    """The states of torch's generators."""
    states: dict[str, Any] = {"cpu": torch.get_rng_state()}
    if torch.cuda.is_available():
        states["cuda"] = torch.cuda.get_rng_state_all()
    if torch.backends.mps.is_available():
        states["mps"] = torch.mps.get_rng_state()
    return states


def restore_random_states(states: dict[str, Any]) -> None:
    """Go on with the random numbers where `random_states` was taken."""
    torch.set_rng_state(states["cpu"])
    if "cuda" in states and torch.cuda.device_count() == len(states["cuda"]):
        torch.cuda.set_rng_state_all(states["cuda"])
    if "mps" in states and torch.backends.mps.is_available():
        torch.mps.set_rng_state(states["mps"])
