"""Weights from a file: a run's checkpoint, or any state dict."""

from __future__ import annotations

from pathlib import Path

import torch
from torch import Tensor, nn

from archspec.diagnostics.terminal import printable
from archspec.training.errors import TrainingError
from archspec.training.files import reason

SHOWN = 3  # names of weights in a message


def load_weights(model: nn.Module, path: Path) -> None:
    """Give a network the weights of a file.

    Raises:
        TrainingError: if they cannot be read, or are those of another network.
    """
    weights = _read(path)
    problems = _differences(model.state_dict(), weights)
    if problems:
        raise TrainingError(
            f"`{path}` does not fit the network: it {'; it '.join(problems)}: name the "
            "spec, params and input that it was trained with"
        )
    model.load_state_dict(weights)


def _read(path: Path) -> dict[str, Tensor]:
    try:
        values = torch.load(path, map_location="cpu", weights_only=True)
    except OSError as error:
        raise TrainingError(f"cannot read `{path}`: {reason(error)}") from error
    except Exception as error:  # torch and pickle raise anything on a strange file
        raise TrainingError(
            f"`{path}` holds no weights that can be read without running code: name a "
            "run's `best.pt`, or what `torch.save(model.state_dict(), ...)` has written"
        ) from error
    if isinstance(values, dict) and isinstance(values.get("model"), dict):
        values = values["model"]  # a checkpoint of `archspec train`
    if not isinstance(values, dict) or not values or not _are_tensors(values):
        raise TrainingError(
            f"`{path}` holds no state dict: name a run's `best.pt`, or what "
            "`torch.save(model.state_dict(), ...)` has written"
        )
    return values


def _are_tensors(values: dict[str, object]) -> bool:
    return all(isinstance(value, Tensor) for value in values.values())


def _differences(ours: dict[str, Tensor], theirs: dict[str, Tensor]) -> list[str]:
    """What keeps weights from fitting, as ends of a sentence that begins with *it*."""
    missing = [f"`{name}`" for name in ours if name not in theirs]
    unexpected = [f"`{printable(str(name))}`" for name in theirs if name not in ours]
    resized = [
        f"`{name}` of {_size(theirs[name])} instead of {_size(ours[name])}"
        for name in ours
        if name in theirs and ours[name].shape != theirs[name].shape
    ]
    found = {"lacks": missing, "has unknown": unexpected, "has": resized}
    return [f"{verb} {_some(names)}" for verb, names in found.items() if names]


def _size(tensor: Tensor) -> str:
    return "x".join(map(str, tensor.shape)) or "one number"


def _some(names: list[str]) -> str:
    shown = ", ".join(names[:SHOWN])
    return shown if len(names) <= SHOWN else f"{shown} and {len(names) - SHOWN} more"
