"""Read weights from a run, a state dict, a checkpoint or a `.safetensors` file."""

from __future__ import annotations

from pathlib import Path
from typing import TypeGuard

from torch import Tensor

from archspec.runs.errors import TrainingError, UsageError, short_message
from archspec.training.torch_archive import CorruptArchiveError, load_archive
from archspec.training.weights.earlier_names import with_names_by_its_spec

Weights = dict[str, Tensor]

KEYS = ("ema", "model", "state_dict")  # of a checkpoint; averaged weights come first
HINT = (
    "name a run, its `best.pt`, a file of `torch.save(model.state_dict(), ...)`, "
    "a `.safetensors` file, or weights of torchvision such as `IMAGENET1K_V1`"
)


def read_weights(path: Path, hint: str = HINT) -> Weights:
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
            return with_names_by_its_spec(dict(state), found, path)
    raise TrainingError(f"`{path}` contains no weights: {hint}")


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
