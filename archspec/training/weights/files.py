"""Read weights from a file: a run's, any state dict, or a `.safetensors` file."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import TypeGuard

import torch
from torch import Tensor

from archspec.runs.errors import TrainingError, short_message

Weights = dict[str, Tensor]

PLACES = ("ema", "model", "state_dict")  # in a checkpoint; averages before others
WAY_OUT = (
    "name a run, its `best.pt`, what `torch.save(model.state_dict(), ...)` has written, "
    "or a `.safetensors` file"
)


def read_weights(path: Path) -> Weights:
    """The weights in a file by the names they have there, on the CPU.

    The file is a `.safetensors`, a state dict, or a checkpoint that holds one; of a
    run's directory it is `best.pt`. Where a checkpoint holds averaged weights, it is
    those.

    Raises:
        TrainingError: if there are none, or they cannot be read without running code.
    """
    path = path / "best.pt" if path.is_dir() else path
    try:
        values = _read(path)
    except (FileNotFoundError, PermissionError) as error:
        raise TrainingError(
            f"cannot read `{path}` ({short_message(error)}): {WAY_OUT}"
        ) from error
    except Exception as error:  # torch and pickle raise anything on a strange file
        raise TrainingError(
            f"`{path}` is damaged, or cannot be read without running code: {WAY_OUT}"
        ) from error
    found = values if isinstance(values, dict) else {}
    for state in (*map(found.get, PLACES), found):
        if _is_state_dict(state):
            return dict(state)
    raise TrainingError(f"`{path}` holds no weights: {WAY_OUT}")


def _read(path: Path) -> object:
    if path.suffix == ".safetensors":
        from safetensors.torch import load_file

        return load_file(path)
    with warnings.catch_warnings(action="ignore"):  # torch guesses aloud what it is
        return torch.load(path, map_location="cpu", weights_only=True)


def _is_state_dict(values: object) -> TypeGuard[Weights]:
    return (
        isinstance(values, dict)
        and bool(values)
        and all(isinstance(value, Tensor) for value in values.values())
        and all(isinstance(name, str) for name in values)
    )
