"""The weights that an `init` recipe draws, against a loop over torch's classes."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from archspec.backends.torch.module_from_source import build
from archspec.signatures.recipes import Recipe
from archspec.training.initialization import INITIALIZERS, initialize
from corpus import NAMES, corpus_spec

RECIPE = "kaiming_normal"
LAYERS = (
    nn.modules.conv._ConvNd,
    nn.Linear,
)
LARGE = 30_000_000  # parameters; drawing more takes seconds


def initialize_by_class(model: nn.Module) -> None:
    """Draw as a textbook does it: no knowledge of ops, only of torch's classes."""
    for module in model.modules():
        if isinstance(module, LAYERS):
            INITIALIZERS[RECIPE](module.weight)
            if module.bias is not None:
                nn.init.zeros_(module.bias)
        if getattr(module, "in_proj_weight", None) is not None:  # of attention
            INITIALIZERS[RECIPE](module.in_proj_weight)
            nn.init.zeros_(module.in_proj_bias)


@pytest.mark.parametrize("name", NAMES)
def test_weights_are_those_of_a_loop_over_classes(name: str) -> None:
    """The same numbers, so also in the same order."""
    spec = corpus_spec(name)
    if spec.params >= LARGE:
        pytest.skip("drawing so many parameters takes seconds")
    graph = spec.graph
    model = build(graph)
    untouched = [tensor.clone() for tensor in model.parameters()]
    torch.manual_seed(0)
    initialize(model, graph, Recipe(RECIPE, {}))
    ours = [tensor.clone() for tensor in model.parameters()]
    with torch.no_grad():
        for tensor, value in zip(model.parameters(), untouched, strict=True):
            tensor.copy_(value)
    torch.manual_seed(0)
    initialize_by_class(model)
    assert all(map(torch.equal, ours, model.parameters()))
