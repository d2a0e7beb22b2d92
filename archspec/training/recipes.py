"""What the recipes of a `train:` section mean: weights, updates, learning rates, losses."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from math import cos, pi

import torch
from torch import Tensor, nn
from torch.nn import functional

from archspec.ir.graph import Graph
from archspec.ops.op import WeightInit
from archspec.ops.recipes import Recipe
from archspec.ops.registry import OPS
from archspec.training.errors import TrainingError

# (logits [N, K], those of auxiliary outputs, labels [N]) -> scalar
Loss = Callable[[Tensor, Sequence[Tensor], Tensor], Tensor]

OPTIMIZERS: dict[str, Callable[..., torch.optim.Optimizer]] = {
    "sgd": torch.optim.SGD,
    "adam": torch.optim.Adam,
    "adamw": torch.optim.AdamW,
}

INITS: dict[str, Callable[[Tensor], Tensor]] = {
    "xavier_uniform": nn.init.xavier_uniform_,
    "xavier_normal": nn.init.xavier_normal_,
    "kaiming_uniform": partial(nn.init.kaiming_uniform_, nonlinearity="relu"),
    "kaiming_normal": partial(nn.init.kaiming_normal_, nonlinearity="relu"),
}


def initialize(model: nn.Module, graph: Graph, recipe: Recipe) -> None:
    """Initialize the weights of a graph's module, each as its op declares.

    The order of drawing is that of `named_parameters`, so that a seed gives the same
    weights on every machine.
    """
    if recipe.name == "default":
        return
    inits = {
        f"{node.path}.{weight.name}": weight.init
        for node in graph.layers
        for weight in OPS[node.op].weights
    }
    for name, parameter in model.named_parameters():
        match inits[name]:
            case WeightInit.DRAWN:
                INITS[recipe.name](parameter)
            case WeightInit.ZEROED:
                nn.init.zeros_(parameter)
            case WeightInit.UNCHANGED:
                pass


def check_trainable(model: nn.Module) -> None:
    """Refuse a network without parameters to train.

    Raises:
        TrainingError: if there are none.
    """
    if not any(parameter.requires_grad for parameter in model.parameters()):
        raise TrainingError(
            "the network has no parameters to train: add a layer that has"
        )


def make_optimizer(
    parameters: Iterable[nn.Parameter], recipe: Recipe, *, fused: bool = True
) -> torch.optim.Optimizer:
    """The optimizer of a recipe, over the parameters that are trained.

    `fused` is one kernel for all of them, which FSDP's parts cannot go through.

    Raises:
        TrainingError: if torch refuses the recipe.
    """
    try:
        return OPTIMIZERS[recipe.name](parameters, fused=fused, **recipe.arguments)
    except ValueError as error:  # as of `nesterov` without momentum
        raise TrainingError(
            f"cannot make the optimizer `{recipe.name}`: {error}"
        ) from error


def make_loss(recipe: Recipe) -> Loss:
    """The loss of a recipe, in 32 bits, summed over a batch."""
    weight: float = recipe.arguments["aux"]
    smoothing: float = recipe.arguments["label_smoothing"]

    def loss(logits_NK: Tensor, aux: Sequence[Tensor], labels_N: Tensor) -> Tensor:
        parts = [
            functional.cross_entropy(
                each.float(), labels_N, reduction="sum", label_smoothing=smoothing
            )
            for each in (logits_NK, *aux)
        ]
        return parts[0] + weight * torch.stack(parts[1:]).sum() if aux else parts[0]

    return loss


def learning_rate(schedule: Recipe, peak: float, epoch: float, epochs: int) -> float:
    """The learning rate at a moment of the run, counted in epochs.

    Halfway through 10 epochs, `cosine` is at half the peak:

    >>> learning_rate(Recipe("cosine", {"warmup": 0}), 0.1, 5.0, 10)
    0.05
    """
    match schedule.name:
        case "cosine":
            warmup: float = schedule.arguments["warmup"]
            if epoch < warmup:
                return peak * epoch / warmup
            return peak * (1 + cos(pi * (epoch - warmup) / (epochs - warmup))) / 2
        case "step":
            gamma: float = schedule.arguments["gamma"]
            every: int = schedule.arguments["every"]
            factor: float = gamma ** (epoch // every)
            return peak * factor
    return peak
