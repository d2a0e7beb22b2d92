"""The initial weights of a network: the `init` of a `train:` section."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from torch import Tensor, nn

from archspec.ir.graph import Graph
from archspec.ops.op import WeightInit
from archspec.ops.registry import OPS
from archspec.signatures.recipes import Recipe

INITIALIZERS: dict[str, Callable[[Tensor], Tensor]] = {
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
        f"{node.path}.{weight.name}".removesuffix("."): weight.init
        for node in graph.layers
        for weight in OPS[node.op].weights
    }
    for name, parameter in model.named_parameters():
        match inits[name]:
            case WeightInit.DRAWN:
                INITIALIZERS[recipe.name](parameter)
            case WeightInit.ZEROED:
                nn.init.zeros_(parameter)
            case WeightInit.UNCHANGED:
                pass
