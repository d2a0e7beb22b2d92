"""torchvision's classification networks, the oracle for `specs/torchvision/`."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from unittest.mock import patch

import torch
from torch import nn
from torchvision import models
from torchvision.models.regnet import BlockParams

NAMES = tuple(models.list_models(module=models))


def build(name: str, **settings: object) -> nn.Module:
    """A network with torchvision's own initialization of its heads left out.

    The two networks that draw weights for seconds without need are told not to.
    """
    if name in ("googlenet", "inception_v3"):
        settings = {"init_weights": False, **settings}
    return models.get_model(name, weights=None, **settings)


def on_meta(name: str) -> nn.Module:
    """A network without memory for its weights."""
    with torch.device("meta"), _block_params_on_the_cpu():
        return build(name)


@contextmanager
def _block_params_on_the_cpu() -> Iterator[None]:
    """RegNet computes its widths with tensors, whose values it needs."""
    compute = BlockParams.from_init_params.__func__

    def computed(*arguments: object, **settings: object) -> BlockParams:
        with torch.device("cpu"):
            return compute(BlockParams, *arguments, **settings)

    with patch.object(BlockParams, "from_init_params", computed):
        yield
