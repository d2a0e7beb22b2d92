"""Weights that training leaves as they are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

from torch import nn

from archspec.runs.errors import TrainingError
from archspec.training.weights.names import levels, suggest


@dataclass(frozen=True, slots=True)
class Frozen:
    """What `freeze` has frozen."""

    parameters: tuple[str, ...]
    modules: tuple[nn.Module, ...]
    """Those whose own parameters are all frozen, or, if they have none, their buffers."""


def freeze(model: nn.Module, patterns: Sequence[str]) -> Frozen:
    """Keep parameters from being trained, by the names of weights or of modules.

    Args:
        model: as `build` gives it: names are those of the spec.
        patterns: with `*`, which dots do not stop, `?` and `[...]`: `stem` and `stem.*`
            are all that lies in `stem`, `*.bias` are the biases.

    Raises:
        TrainingError: if a pattern matches nothing, or nothing is left to train.
    """
    names = [name for name, _ in (*model.named_parameters(), *model.named_buffers())]
    for pattern in patterns:
        if not any(_matches(name, pattern) for name in names):
            near = suggest(pattern.strip("*."), names)
            raise TrainingError(f"`--freeze {pattern}` matches no weights: {near}")
    frozen = {name for name in names if any(_matches(name, p) for p in patterns)}
    parameters = dict(model.named_parameters())
    if patterns and parameters.keys() <= frozen:
        raise TrainingError("`--freeze` leaves nothing to train: freeze fewer layers")
    for name in parameters.keys() & frozen:
        parameters[name].requires_grad_(False)
    return Frozen(
        tuple(name for name in parameters if name in frozen),
        tuple(
            module
            for path, module in model.named_modules()
            if (own := _own_weights(path, module)) and own <= frozen
        ),
    )


def train_mode(model: nn.Module, frozen: Frozen) -> None:
    """Put a network into training mode, as `model.train()`, and what is frozen not.

    A batch norm in training mode normalises by the batch and moves its running mean
    and variance, whether its weights are frozen or not: frozen layers would compute
    something else from epoch to epoch. `model` may be a wrapper around the network
    that `freeze` was given.
    """
    model.train()
    for module in frozen.modules:
        module.eval()


def _matches(name: str, pattern: str) -> bool:
    """Whether a weight, or a module around it, has a name of this pattern."""
    return any(fnmatchcase(level, pattern) for level in levels(name))


def _own_weights(path: str, module: nn.Module) -> set[str]:
    """Names of a module's own parameters, or, if it has none, of its buffers."""
    parameters = module.named_parameters(path, recurse=False)
    return {name for name, _ in parameters} or {
        name for name, _ in module.named_buffers(path, recurse=False)
    }
