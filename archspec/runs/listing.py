"""Find runs on disk and read what each was trained with and how it went."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from archspec.runs.directory import CONFIG, SPEC, RunDirectory
from archspec.runs.errors import UsageError, short_message
from archspec.runs.history import EpochMetrics, best_epoch
from archspec.settings.settings import Settings
from archspec.spec import Spec


@dataclass(frozen=True, slots=True)
class RunRecord:
    """The network, the settings and the metrics of a run."""

    path: Path
    spec: Spec
    settings: Settings
    history: list[EpochMetrics]
    """The epochs that are finished."""

    @property
    def is_done(self) -> bool:
        """Whether all epochs are finished; otherwise the run is active or was stopped."""
        return len(self.history) >= self.settings.epochs

    @property
    def best(self) -> EpochMetrics | None:
        """The best epoch, or None before the first has finished."""
        return best_epoch(self.history) if self.history else None

    @property
    def images_per_second(self) -> float | None:
        """Training throughput: the median of the epochs, robust against a busy hour."""
        if not self.history:
            return None
        return median(metrics.images_per_second for metrics in self.history)


def read_run(path: Path) -> RunRecord:
    """The run in a directory.

    Raises:
        TrainingError: if there is no run, or its files are corrupt.
    """
    run = RunDirectory.open(path)
    spec, settings = run.read()
    return RunRecord(path, spec, settings, run.read_metrics())


def find_runs(out: Path) -> list[Path]:
    """The run directories in a directory, `lenet-2` before `lenet-10`.

    Raises:
        TrainingError: if the directory cannot be read, or contains no runs.
    """
    hint = "`archspec train` creates one, and `--out DIR` names another directory"
    try:
        folders = [path for path in out.iterdir() if path.is_dir()]
    except OSError as error:
        raise UsageError(
            f"cannot look for runs in `{out}` ({short_message(error)}): {hint}"
        ) from error
    names = (SPEC, CONFIG)
    runs = [path for path in folders if any((path / name).exists() for name in names)]
    if not runs:
        raise UsageError(f"`{out}` has no runs: {hint}")
    return sorted(runs, key=_natural_order)


def _natural_order(path: Path) -> list[str | int]:
    """Split a name into text and numbers: `lenet-10` is sorted as `["lenet-", 10, ""]`."""
    parts = re.split(r"(\d+)", path.name)
    return [int(part) if part.isdecimal() else part for part in parts]
