"""Weights and statistics that nothing hides behind: no norm is the identity."""

from __future__ import annotations

from torch import nn


def randomise(model: nn.Module) -> nn.Module:
    """Draw the vectors of a module: biases, and what norms scale by and have seen."""
    for tensor in [*model.parameters(), *model.buffers()]:
        if tensor.ndim == 1:
            nn.init.uniform_(tensor, 0.5, 1.5)
    return model
