"""The loss function of a run: the `loss` of a `train:` section."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor
from torch.nn import functional

from archspec.signatures.recipes import Recipe

# (logits [N, K], auxiliary logits, labels [N]) -> sum over the batch, a scalar
Loss = Callable[[Tensor, Sequence[Tensor], Tensor], Tensor]


def cross_entropy(
    logits_NK: Tensor, labels_N: Tensor, smoothing: float = 0.0
) -> Tensor:
    """The cross entropy in 32 bits, summed over a batch: a scalar."""
    return functional.cross_entropy(
        logits_NK.float(), labels_N, reduction="sum", label_smoothing=smoothing
    )


def make_loss(recipe: Recipe) -> Loss:
    """The loss function of a recipe, computed in 32 bits and summed over a batch."""
    aux_weight: float = recipe.arguments["aux"]
    smoothing: float = recipe.arguments["label_smoothing"]

    def loss(logits_NK: Tensor, aux: Sequence[Tensor], labels_N: Tensor) -> Tensor:
        main, *others = (
            cross_entropy(each, labels_N, smoothing) for each in (logits_NK, *aux)
        )
        return main + aux_weight * torch.stack(others).sum() if others else main

    return loss
