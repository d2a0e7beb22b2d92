"""Runs as they lie on disk, read without torch."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from archspec.spec import Spec
from archspec.training.errors import TrainingError
from archspec.training.files import reason
from archspec.training.history import EpochMetrics, best_epoch
from archspec.training.run_directory import CONFIG, SPEC, RunDirectory
from archspec.training.settings import Settings


@dataclass(frozen=True, slots=True)
class FoundRun:
    """What a run was made with, and how it went."""

    path: Path
    spec: Spec
    settings: Settings
    epochs: list[EpochMetrics]
    """Those that are done."""

    @property
    def is_done(self) -> bool:
        """Whether it has no epoch left; if not, it is still running or was stopped."""
        return len(self.epochs) >= self.settings.epochs

    @property
    def best(self) -> EpochMetrics | None:
        """The best epoch, once there is one."""
        return best_epoch(self.epochs) if self.epochs else None

    @property
    def images_per_second(self) -> float | None:
        """In training: the median of the epochs, which a busy hour does not change."""
        if not self.epochs:
            return None
        return median(row.images_per_second for row in self.epochs)


def read_run(path: Path) -> FoundRun:
    """The run in a directory.

    Raises:
        TrainingError: if there is none, or its files are damaged.
    """
    run = RunDirectory.open(path)
    spec, settings = run.read()
    return FoundRun(path, spec, settings, run.read_metrics())


def find_runs(out: Path) -> list[Path]:
    """The run directories in a directory, `lenet-2` before `lenet-10`.

    Raises:
        TrainingError: if it cannot be read, or there are none.
    """
    way_out = "`archspec train` makes some, and `--out DIR` looks elsewhere"
    try:
        folders = [path for path in out.iterdir() if path.is_dir()]
    except OSError as error:
        raise TrainingError(
            f"cannot look for runs in `{out}` ({reason(error)}): {way_out}"
        ) from error
    names = (SPEC, CONFIG)
    runs = [path for path in folders if any((path / name).exists() for name in names)]
    if not runs:
        raise TrainingError(f"there are no runs in `{out}`: {way_out}")
    return sorted(runs, key=_natural_order)


def _natural_order(path: Path) -> list[str | int]:
    """Text and numbers in turn."""
    parts = re.split(r"(\d+)", path.name)
    return [int(part) if part.isdecimal() else part for part in parts]
