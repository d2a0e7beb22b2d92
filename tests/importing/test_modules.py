"""A spec that was imported describes the module that it was imported from."""

from __future__ import annotations

import pytest
import torch
from torch import nn
from torchvision import models

from archspec.backends.torch.module_from_source import build
from archspec.importing.spec_text import to_text
from specs import compiled

from .modules import MODULES

FROM_TORCHVISION = ("mobilenet_v2", "resnet18", "shufflenet_v2_x0_5", "squeezenet1_1")


@pytest.mark.parametrize(("make", "inputs"), MODULES)
def test_public_style(make, inputs) -> None:
    torch.manual_seed(0)
    check(make(), inputs)


@pytest.mark.parametrize("name", FROM_TORCHVISION)
def test_torchvision(name: str) -> None:
    check(models.get_model(name), {"x": (3, 64, 64)})


def check(module: nn.Module, inputs: dict[str, tuple[int, ...]]) -> None:
    """The keys are in order, and outputs equal with the module's own weights."""
    ours = build(compiled(to_text(module, inputs)).require().graph)
    assert [*ours.state_dict()] == [*module.state_dict()]
    ours.load_state_dict(module.state_dict())
    x = [torch.randn(3, *shape) for shape in inputs.values()]
    with torch.no_grad():
        torch.testing.assert_close(ours.eval()(*x), module.eval()(*x))
