"""The state of a run on disk: whole or not there, and read without running code."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, fields
from errno import EINVAL
from pathlib import Path
from types import UnionType
from typing import Any, get_args, get_origin, get_type_hints

import torch
from torch import Tensor

from archspec.runs.atomic_files import write_atomically
from archspec.runs.config import describe_run, fixed_entries
from archspec.runs.errors import TrainingError, short_message
from archspec.runs.history import EpochMetrics
from archspec.runs.torch_errors import is_failed_cpu_allocation
from archspec.settings.settings import Settings
from archspec.spec import Spec
from archspec.training.metrics import Totals


class DamagedCheckpoint(TrainingError):  # noqa: N818  # what it is
    """A file that no run has written, or not to its end."""

    def __init__(self, path: Path) -> None:
        """Of where it is."""
        super().__init__(f"`{path}` is no whole checkpoint of `archspec train`")


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

    imports: dict[str, str] = field(default_factory=dict)
    """The text of each file that it imports, by its path from the spec's folder."""

    config: dict[str, Any]
    """What `config.json` holds: the settings, the input and the params."""

    classes: list[str]
    """The names of the classes, by label."""

    num_images: list[int]
    """How many there were to train with, for validation, and for the test."""

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

    model: dict[str, Tensor]
    """State dict: the weights."""

    ema: dict[str, Tensor]
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
    def progress(self) -> tuple[int, int]:
        """How many epochs are done, and steps of the next."""
        return self.epoch, self.step

    @property
    def evaluated(self) -> dict[str, Tensor]:
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

    write_atomically(path, lambda file: torch.save(values, file), before_replace=keep)


def load_checkpoint(path: Path) -> Checkpoint:
    """Read a checkpoint, its tensors on the CPU.

    Raises:
        DamagedCheckpoint: if it is truncated, or none of ours.
        TrainingError: if it is missing or cannot be read.
    """
    try:
        with path.open("rb") as file:
            values = torch.load(file, map_location="cpu", weights_only=True)
        checkpoint = Checkpoint(**values)
        _check_values(checkpoint)
    except FileNotFoundError as error:
        raise TrainingError(
            f"there is no checkpoint `{path}`: no epoch has ended yet, or it was removed"
        ) from error
    except Exception as error:  # torch's reader raises whatever a foreign file leads to
        if _is_of_the_machine(error):
            raise TrainingError(
                f"cannot read `{path}`: {short_message(error)}"
            ) from error
        raise DamagedCheckpoint(path) from error
    return checkpoint


def _is_of_the_machine(error: Exception) -> bool:
    """Whether a disk or the memory has failed, and the file may be whole."""
    if isinstance(error, OSError):
        return error.errno != EINVAL  # in a truncated file torch seeks before its start
    return isinstance(error, MemoryError) or is_failed_cpu_allocation(error)


def _check_values(checkpoint: Checkpoint) -> None:
    """See that every value is of its type, and no import outside of the spec's folder.

    Raises:
        TypeError: if one is not.
        ValueError: if one is.
    """
    rows: list[object] = [*checkpoint.position.rows]
    for each in (checkpoint, *rows):
        for name, kind in get_type_hints(type(each)).items():
            if not _is_of(getattr(each, name), kind):
                raise TypeError(name)
    for path in map(Path, checkpoint.imports):
        if path.is_absolute() or ".." in path.parts:
            raise ValueError(path)


def _is_of(value: object, kind: Any) -> bool:  # any annotation
    """Whether a value is of a type, and the values in it are of those it names."""
    parts = get_args(kind)
    origin = get_origin(kind) or kind
    if kind is Any:
        return True
    if origin is UnionType:
        return any(_is_of(value, part) for part in parts)
    if kind is float:
        return isinstance(value, float | int)
    if not isinstance(value, origin):
        return False
    if isinstance(value, tuple):
        return len(value) == len(parts) and all(map(_is_of, value, parts))
    if isinstance(value, dict):
        return all(
            _is_of(key, parts[0]) and _is_of(item, parts[1])
            for key, item in value.items()
        )
    if isinstance(value, list):
        return all(_is_of(item, parts[0]) for item in value)
    return True


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


def is_of_run(checkpoint: Checkpoint, spec: Spec, settings: Settings) -> bool:
    """Whether a checkpoint is one of a run of these."""
    ours = fixed_entries(describe_run(spec, settings))
    found = (checkpoint.spec, checkpoint.imports, fixed_entries(checkpoint.config))
    return found == (spec.text, spec.imports, ours)


@dataclass(frozen=True, slots=True)
class Latest:
    """What a run goes on from."""

    checkpoint: Checkpoint | None = None
    path: Path | None = None
    unusable: dict[Path, str] = field(default_factory=dict)
    """Checkpoints that are damaged or of another run, and what each is."""

    def set_aside(self) -> str:
        """Rename the unusable ones, and give a warning that says so.

        None must push a whole one out.
        """
        moved = []
        for path, what in self.unusable.items():
            aside = path.replace(path.with_name(f"{path.stem}.damaged{path.suffix}"))
            moved.append(f"{what}: it is now `{aside}`")
        if not moved:
            return ""
        return f"{', and '.join(moved)}, and the run goes on from `{self.path}`"


def load_latest(paths: Iterable[Path], is_ours: Callable[[Checkpoint], bool]) -> Latest:
    """The checkpoint that has come furthest, of those that are whole and of the run.

    Raises:
        TrainingError: if there are some, and none can be used.
    """
    latest: Checkpoint | None = None
    where: Path | None = None
    unusable: dict[Path, str] = {}
    for path in paths:
        if not path.exists():
            continue
        try:
            found = load_checkpoint(path)
        except DamagedCheckpoint as fault:
            unusable[path] = str(fault)
            continue
        if not is_ours(found):
            unusable[path] = f"`{path}` is of another run"
        elif latest is None or found.progress > latest.progress:
            latest, where = found, path
    if unusable and latest is None:
        raise TrainingError(
            f"{next(iter(unusable.values()))}, and there is none to go on from: bring back "
            "the files that the run has written, or start a new run"
        )
    return Latest(latest, where, unusable)
