"""Freeze weights, so that training does not change them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

from torch import nn

from archspec.runs.errors import UsageError
from archspec.training.weights.weight_names import levels, suggest


@dataclass(frozen=True, slots=True)
class Frozen:
    """The frozen parameters and modules of a network."""

    parameters: tuple[str, ...]
    modules: tuple[nn.Module, ...]
    """Modules whose parameters are all frozen, or whose buffers if they have none."""


def freeze(model: nn.Module, patterns: Sequence[str]) -> Frozen:
    """Freeze parameters by patterns of the names of weights or modules.

    Args:
        model: the module that `build` makes, with the names of the spec.
        patterns: with `*`, which also matches dots, `?` and `[...]`. `stem` and `stem.*`
            match all weights in `stem`, and `*.bias` matches the biases.

    Raises:
        TrainingError: if a pattern matches nothing, or all parameters are frozen.
    """
    names = [name for name, _ in (*model.named_parameters(), *model.named_buffers())]
    for pattern in patterns:
        if not any(_matches(name, pattern) for name in names):
            near = suggest(pattern.strip("*."), names)
            raise UsageError(f"`--freeze {pattern}` matches no weights: {near}")
    frozen = {name for name in names if any(_matches(name, p) for p in patterns)}
    parameters = dict(model.named_parameters())
    if patterns and parameters.keys() <= frozen:
        raise UsageError("`--freeze` leaves nothing to train: freeze fewer layers")
    for name in parameters.keys() & frozen:
        parameters[name].requires_grad_(False)
    return Frozen(
        tuple(name for name in parameters if name in frozen),
        tuple(
            module
            for path, module in model.named_modules()
            if (own := _own_names(path, module)) and own <= frozen
        ),
    )


def train_mode(model: nn.Module, frozen: Frozen) -> None:
    """Set training mode, except for frozen modules.

    A batch norm in training mode normalizes by the batch and updates its running mean
    and variance, even if its weights are frozen. `model` may be a wrapper around the
    network that was frozen.
    """
    model.train()
    for module in frozen.modules:
        module.eval()


def _matches(name: str, pattern: str) -> bool:
    """Whether a pattern matches the name of a weight or of a module around it."""
    return any(fnmatchcase(level, pattern) for level in levels(name))


def _own_names(path: str, module: nn.Module) -> set[str]:
    """The names of a module's own parameters, or of its buffers if it has none."""
    parameters = module.named_parameters(path, recurse=False)
    return {name for name, _ in parameters} or {
        name for name, _ in module.named_buffers(path, recurse=False)
    }
