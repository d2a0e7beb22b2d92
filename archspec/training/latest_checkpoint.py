"""Choose the checkpoint from which a run resumes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from archspec.runs.config import different_entry, different_part
from archspec.runs.directory import RunDirectory
from archspec.runs.errors import TrainingError
from archspec.spec import Spec
from archspec.training.checkpoint import (
    Checkpoint,
    CorruptCheckpointError,
    load_checkpoint,
)


@dataclass(frozen=True, slots=True)
class LatestCheckpoint:
    """The checkpoint from which a run resumes; all None for a new run."""

    checkpoint: Checkpoint | None = None
    path: Path | None = None
    unusable: dict[Path, str] = field(default_factory=dict)
    """Checkpoints that are corrupt or of another run, each with a description."""

    def rename_unusable(self) -> str:
        """Rename the unusable checkpoints, and return a warning about it, or "".

        `last.pt` becomes `last.damaged.pt`. Otherwise the next save would move it to
        `previous.pt`, in the place of a good checkpoint.
        """
        renamed = []
        for path, what in self.unusable.items():
            target = path.replace(path.with_name(f"{path.stem}.damaged{path.suffix}"))
            renamed.append(f"{what}: it is now `{target}`")
        if not renamed:
            return ""
        return f"{', and '.join(renamed)}, and the run resumes from `{self.path}`"


def load_latest(
    paths: Iterable[Path], difference: Callable[[Checkpoint], str]
) -> LatestCheckpoint:
    """The checkpoint of a run that has made the most progress.

    Args:
        paths: checkpoints that may be missing, corrupt or of another run.
        difference: what shows that a checkpoint is not of the run, or "".

    Raises:
        TrainingError: if there are checkpoints, and all are unusable.
    """
    latest: Checkpoint | None = None
    latest_path: Path | None = None
    unusable: dict[Path, str] = {}
    for path in paths:
        if not path.exists():
            continue
        try:
            found = load_checkpoint(path)
        except CorruptCheckpointError as error:
            unusable[path] = str(error)
            continue
        if what := difference(found):
            unusable[path] = f"`{path}` belongs to another run ({what})"
        elif latest is None or found.progress > latest.progress:
            latest, latest_path = found, path
    if unusable and latest is None:
        raise TrainingError(
            f"{next(iter(unusable.values()))}, and no other one is valid: restore the "
            "files of the run, or start a new run"
        )
    return LatestCheckpoint(latest, latest_path, unusable)


def difference_to_run(
    checkpoint: Checkpoint, run: RunDirectory, spec: Spec, config: Mapping[str, Any]
) -> str:
    """What shows that a checkpoint is not of a run: a setting, or a layer; "" if it is."""
    if name := different_entry(checkpoint.config, config):
        return f"`{name}` differs"
    if (checkpoint.spec, checkpoint.imports) == (spec.text, spec.imports):
        return ""
    try:
        found, _ = run.rebuild(checkpoint.spec, checkpoint.imports, checkpoint.config)
    except TrainingError:
        return "its spec has errors"
    return different_part(found, spec)
