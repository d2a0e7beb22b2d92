"""The initial weights of a network: the `init` of a `train:` section."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from torch import Tensor, nn

from archspec.signatures.recipes import Recipe

INITIALIZERS: dict[str, Callable[[Tensor], Tensor]] = {
    "xavier_uniform": nn.init.xavier_uniform_,
    "xavier_normal": nn.init.xavier_normal_,
    "kaiming_uniform": partial(nn.init.kaiming_uniform_, nonlinearity="relu"),
    "kaiming_normal": partial(nn.init.kaiming_normal_, nonlinearity="relu"),
}


def initialize(model: nn.Module, recipe: Recipe) -> None:
    """Draw new weights for convolutions and linear layers, and set biases to zero."""
    if recipe.name == "default":
        return
    for module in model.modules():
        if isinstance(module, nn.modules.conv._ConvNd | nn.Linear):  # noqa: SLF001
            INITIALIZERS[recipe.name](module.weight)
            if module.bias is not None:
                nn.init.zeros_(module.bias)
