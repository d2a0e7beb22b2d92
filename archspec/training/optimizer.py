"""The optimizer of a run: the `optimizer` of a `train:` section."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import torch
from torch import nn

from archspec.runs.errors import TrainingError
from archspec.signatures.recipes import Recipe

OPTIMIZERS: dict[str, Callable[..., torch.optim.Optimizer]] = {
    "sgd": torch.optim.SGD,
    "adam": torch.optim.Adam,
    "adamw": torch.optim.AdamW,
}


def make_optimizer(
    parameters: Iterable[nn.Parameter], recipe: Recipe, *, fused: bool = True
) -> torch.optim.Optimizer:
    """The optimizer of a recipe.

    Args:
        parameters: those that are trained.
        recipe: the call in the spec, as `sgd(lr=0.1)`.
        fused: whether one kernel updates all parameters, which the shards of FSDP
            do not support.

    Raises:
        TrainingError: if torch rejects the arguments, as `nesterov` without momentum.
    """
    try:
        return OPTIMIZERS[recipe.name](parameters, fused=fused, **recipe.arguments)
    except ValueError as error:
        raise TrainingError(
            f"cannot make the optimizer `{recipe.name}`: {error}"
        ) from error
