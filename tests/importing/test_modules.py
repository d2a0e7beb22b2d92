"""A spec that was imported describes the module that it was imported from."""

from __future__ import annotations

import pytest
import torch
from torch import nn
from torchvision import models

from archspec.backends.torch.module_from_source import build
from archspec.importing.spec_text import to_text
from specs import compiled

from .modules import (
    MODULES,
    Critic,
    Detector,
    FlatUNet,
    FusedAttention,
    JointAttention,
    StochasticNet,
)

FROM_TORCHVISION = ("mobilenet_v2", "resnet18", "shufflenet_v2_x0_5", "squeezenet1_1")


@pytest.mark.parametrize(("make", "inputs"), MODULES)
def test_public_style(make, inputs) -> None:
    torch.manual_seed(0)
    check(make(), inputs)


@pytest.mark.parametrize("name", FROM_TORCHVISION)
def test_torchvision(name: str) -> None:
    module = models.get_model(name)
    ours = check(module, {"x": (3, 64, 64)})
    assert [*ours.state_dict()] == [*module.state_dict()]


def check(module: nn.Module, inputs: dict[str, tuple[int, ...]]) -> nn.Module:
    """The keys are the same, and outputs equal with the module's own weights."""
    ours = build(compiled(to_text(module, inputs)).require().graph)
    assert sorted(ours.state_dict()) == sorted(module.state_dict())
    ours.load_state_dict(module.state_dict())
    x = [torch.randn(3, *shape) for shape in inputs.values()]
    with torch.no_grad():
        torch.testing.assert_close(ours.eval()(*x), module.eval()(*x))
    return ours


def test_drop_path_written_by_hand_is_stochastic_depth() -> None:
    text = to_text(StochasticNet(), {"x": (3, 8, 8)})
    assert "stochastic_depth(p)" in text
    assert "p: [0.1, 0.2]" in text


def test_skips_of_a_flat_unet_are_refs() -> None:
    text = to_text(FlatUNet(), {"x": (3, 32, 32)})
    assert text.count("concat:") == text.count("ref(") == 2


def test_outputs_of_a_dict_keep_their_keys() -> None:
    text = to_text(Detector(), {"x": (3, 32, 32)})
    assert "# Output: a tuple of boxes (box), scores; a dict in the module" in text
    assert "outputs: [box, scores]" in text


def test_one_number_for_each_image_is_a_vector_of_one() -> None:
    text = to_text(Critic(), {"x": (3, 32, 32)})
    assert "in training mode, but for axes of size 1 that the module removes" in text
    assert text.endswith("- flatten -> [1]\n")


@pytest.mark.parametrize("make", [JointAttention, FusedAttention])
def test_dropout_of_attention_is_kept(make) -> None:
    text = to_text(make(16, 4, 0.1), {"x": (6, 16)})
    assert "dot_product_attention(4, keys=16, dropout=0.1)" in text
