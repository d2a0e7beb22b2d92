"""Checkpoints: the state of a run between two steps, saved and loaded.

A checkpoint file is complete or does not exist. Loading one runs no code from it.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from errno import EINVAL
from pathlib import Path
from types import UnionType
from typing import Any, get_args, get_origin, get_type_hints

import torch
from torch import Tensor

from archspec.runs.atomic_files import write_atomically
from archspec.runs.errors import TrainingError, short_message
from archspec.runs.history import EpochMetrics
from archspec.runs.torch_error_wordings import is_failed_cpu_allocation
from archspec.training.data.pixel_format import PixelFormat
from archspec.training.metrics import Totals
from archspec.training.torch_archive import load_archive


class CorruptCheckpointError(TrainingError):
    """A file that is incomplete, or not a checkpoint of archspec."""

    def __init__(self, path: Path) -> None:
        """Name the file."""
        super().__init__(f"`{path}` is not a complete checkpoint of `archspec train`")


@dataclass(slots=True)
class Position:
    """How far a run has come: the finished epochs, and the part of the next one."""

    history: list[EpochMetrics] = field(default_factory=list)
    """The metrics of the finished epochs."""

    step: int = 0
    """The number of finished steps in the next epoch."""

    totals: Totals = Totals()  # noqa: RUF009  # a tuple
    """The metrics of those steps, over all processes."""

    seconds: float = 0.0
    """The duration of those steps."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkpoint:
    """The state of a run between two steps.

    The learning rate schedule and the order of the images need no state: they follow
    from the step, the epoch and the seed.
    """

    spec: str
    """The text of the spec."""

    imports: dict[str, str] = field(default_factory=dict)
    """The texts of the files that the spec imports, by their relative paths."""

    config: dict[str, Any]
    """The contents of `config.json`: the settings, the input and the params."""

    classes: list[str]
    """The names of the classes, by label."""

    num_images: list[int]
    """The numbers of training, validation and test images."""

    epoch: int
    """The number of finished epochs."""

    metrics: list[dict[str, Any]]
    """The lines of `metrics.jsonl`."""

    step: int
    """The number of finished steps in the next epoch."""

    totals: tuple[float, int, int]
    """Loss, correct predictions and images of those steps."""

    seconds: float
    """The duration of those steps."""

    statistics: tuple[list[float], list[float]]
    """Mean and standard deviation of each channel of the training images."""

    pixels: tuple[str, int, float, str] | None = None
    """The fields of the `PixelFormat`; None if the run began without one."""

    model: dict[str, Tensor]
    """The state dict of the network."""

    ema: dict[str, Tensor]
    """The state dict of the averaged network, or empty."""

    ema_updates: int | None = None
    """The number of updates of the average; None if the run began without a warm-up."""

    optimizer: dict[str, Any]
    """The state dict of the optimizer."""

    scaler: dict[str, Any]
    """The state dict of the gradient scaler; empty if gradients are not scaled."""

    rng: list[dict[str, Any]]
    """The states of the random number generators of each process, by device."""

    @property
    def position(self) -> Position:
        """The position from which the run resumes."""
        history = [EpochMetrics(**row) for row in self.metrics]
        return Position(history, self.step, Totals(*self.totals), self.seconds)

    @property
    def pixel_format(self) -> PixelFormat | None:
        """The pixels of the images."""
        return self.pixels and PixelFormat(*self.pixels)

    @property
    def progress(self) -> tuple[int, int]:
        """The number of finished epochs, and of finished steps in the next."""
        return self.epoch, self.step

    @property
    def evaluated_weights(self) -> dict[str, Tensor]:
        """The weights that are evaluated."""
        return self.ema or self.model


def save_checkpoint(
    path: Path, checkpoint: Checkpoint, previous: Path | None = None
) -> None:
    """Write a checkpoint; once it is complete, the one it replaces moves to `previous`.

    Raises:
        TrainingError: if it cannot be written; the one before stays.
    """
    values = {each.name: getattr(checkpoint, each.name) for each in fields(checkpoint)}

    def keep_previous() -> None:
        if previous and path.exists():
            os.replace(path, previous)  # noqa: PTH105  # documented to be atomic

    write_atomically(
        path, lambda file: torch.save(values, file), before_replace=keep_previous
    )


def load_checkpoint(path: Path) -> Checkpoint:
    """Load a checkpoint, with its tensors on the CPU.

    Raises:
        CorruptCheckpointError: if the file is incomplete, or not a checkpoint.
        TrainingError: if it is missing or cannot be read.
    """
    try:
        values = load_archive(path)
        _check_version(path, values)
        checkpoint = checkpoint_of(values)
    except TrainingError:
        raise
    except FileNotFoundError as error:
        raise TrainingError(
            f"the checkpoint `{path}` is missing: no epoch has ended yet, or it was removed"
        ) from error
    except Exception as error:  # torch raises any type for a foreign file
        if _is_machine_failure(error):
            raise TrainingError(
                f"cannot read `{path}`: {short_message(error)}"
            ) from error
        raise CorruptCheckpointError(path) from error
    return checkpoint


def checkpoint_of(values: dict[str, Any]) -> Checkpoint:
    """Make a checkpoint of values, and check each of them.

    Raises:
        TypeError: if a value is missing or has another type.
        ValueError: if an import is an absolute path or leads upwards.
    """
    checkpoint = Checkpoint(**values)
    _check_values(checkpoint)
    return checkpoint


def _check_version(path: Path, values: Mapping[str, Any]) -> None:
    """Check that no later version of archspec wrote a checkpoint.

    Raises:
        TrainingError: if one did: it has something that this version does not know.
    """
    known = {each.name for each in fields(Checkpoint)}
    version = values["config"].get("archspec")
    if version is not None and values.keys() - known:
        raise TrainingError(
            f"`{path}` is a checkpoint of archspec {version}, which this version cannot "
            "read: use that version"
        )


def _is_machine_failure(error: Exception) -> bool:
    """Whether the disk or the memory failed, so that the file may be correct."""
    if isinstance(error, OSError):
        return error.errno != EINVAL  # torch seeks before the start of a truncated file
    return isinstance(error, MemoryError) or is_failed_cpu_allocation(error)


def _check_values(checkpoint: Checkpoint) -> None:
    """Check the type of each value, and that imports stay in the folder of the spec.

    Raises:
        TypeError: if a value has another type.
        ValueError: if an import is an absolute path or leads upwards, if there are no
            random numbers of the CPU, or if the statistics are of no or of two numbers of
            channels.
    """
    mean, std = checkpoint.statistics
    if len(mean) != len(std) or not all("cpu" in each for each in checkpoint.rng):
        raise ValueError
    history: list[object] = [*checkpoint.position.history]
    for each in (checkpoint, *history):
        for name, kind in get_type_hints(type(each)).items():
            if not _has_type(getattr(each, name), kind):
                raise TypeError(name)
    for path in map(Path, checkpoint.imports):
        if path.is_absolute() or ".." in path.parts:
            raise ValueError(path)


def _has_type(value: object, kind: Any) -> bool:  # any annotation
    """Whether a value has an annotated type, such as `dict[str, list[float]]`."""
    parts = get_args(kind)
    origin = get_origin(kind) or kind
    if kind is Any:
        return True
    if origin is UnionType:
        return any(_has_type(value, part) for part in parts)
    if kind is float:
        return isinstance(value, float | int)
    if not isinstance(value, origin):
        return False
    if isinstance(value, tuple):
        return len(value) == len(parts) and all(map(_has_type, value, parts))
    if isinstance(value, dict):
        return all(
            _has_type(key, parts[0]) and _has_type(item, parts[1])
            for key, item in value.items()
        )
    if isinstance(value, list):
        return all(_has_type(item, parts[0]) for item in value)
    return True
