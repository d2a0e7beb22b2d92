"""Read weights from a run, a state dict, a checkpoint or a `.safetensors` file."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple, TypeGuard

from torch import Tensor

from archspec.runs.directory import RunDirectory
from archspec.runs.errors import TrainingError, UsageError, short_message
from archspec.spec import Spec
from archspec.training.checkpoint import checkpoint_of
from archspec.training.torch_archive import CorruptArchiveError, load_archive
from archspec.training.weights.earlier_names import with_names_by_its_spec

Weights = dict[str, Tensor]


class WeightFile(NamedTuple):
    """The weights in a file, by name, and the network of the run that wrote it."""

    weights: Weights
    spec: Spec | None  # of a checkpoint, if it has no errors


KEYS = ("ema", "model", "state_dict")  # of a checkpoint; averaged weights come first
HINT = (
    "name a run, its `best.pt`, a file of `torch.save(model.state_dict(), ...)`, "
    "a `.safetensors` file, or weights of torchvision such as `IMAGENET1K_V1`"
)


def read_weights(path: Path, hint: str = HINT) -> WeightFile:
    """The weights in a file, by the names that they have there, on the CPU.

    The path of a run stands for its `best.pt`. If a checkpoint contains averaged weights,
    they are used. `hint` ends the message of an error.

    Raises:
        TrainingError: if there are no weights, or reading them requires running code.
    """
    path = path / "best.pt" if path.is_dir() else path
    try:
        values = _read(path)
    except FileNotFoundError as error:
        raise UsageError(f"`{path}` does not exist: {hint}") from error
    except PermissionError as error:
        raise TrainingError(
            f"cannot read `{path}` ({short_message(error)}): {hint}"
        ) from error
    except CorruptArchiveError as error:
        raise TrainingError(
            f"`{path}` is corrupt, the checksum of `{error}` in it is wrong: {hint}"
        ) from error
    except Exception as error:  # torch and pickle raise any type for a foreign file
        raise TrainingError(
            f"`{path}` is corrupt, or cannot be read without running code: {hint}"
        ) from error
    found = values if isinstance(values, dict) else {}
    for state in (*map(found.get, KEYS), found):
        if _is_state_dict(state):
            weights, spec = dict(state), _spec_of(found, path)
            return WeightFile(
                with_names_by_its_spec(weights, spec) if spec else weights, spec
            )
    raise TrainingError(f"`{path}` contains no weights: {hint}")


def _spec_of(values: dict[str, Any], path: Path) -> Spec | None:
    """The network of a checkpoint; None if it is another file, or has errors now."""
    try:
        found = checkpoint_of(values)
        run = RunDirectory(path.parent)
        return run.rebuild(found.spec, found.imports, found.config)[0]
    except (TypeError, ValueError, TrainingError):
        return None


def _read(path: Path) -> object:
    if path.suffix == ".safetensors":
        from safetensors.torch import load_file

        return load_file(path)
    return load_archive(path)


def _is_state_dict(values: object) -> TypeGuard[Weights]:
    return (
        isinstance(values, dict)
        and bool(values)
        and all(isinstance(value, Tensor) for value in values.values())
        and all(isinstance(name, str) for name in values)
    )
