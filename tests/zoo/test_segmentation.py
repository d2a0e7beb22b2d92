"""The segmentation networks equal torchvision's, at sizes that 8 does not divide too."""

from __future__ import annotations

import pytest
import torch
from tests.networks.comparison import macs_of, randomize
from torch import nn
from torchvision.models import get_model

import archspec
from archspec.catalog import list_models

from .test_facts import shapes, watched
from .test_outputs import assert_close

NAMES = ("fcn_resnet50", "deeplabv3_resnet50", "lraspp_mobilenet_v3_large")
SIZES = ((3, 64, 96), (3, 61, 45))


def theirs(name: str, **options: object) -> nn.Module:
    return get_model(name, weights=None, weights_backbone=None, **options)


def with_heads(name: str) -> nn.Module:
    """LR-ASPP has none."""
    return theirs(name, **{} if name.startswith("lraspp") else {"aux_loss": True})


def test_all_are_compared() -> None:
    assert {f"segmentation/{name}" for name in NAMES} == {*list_models("segmentation")}


@pytest.mark.parametrize("name", NAMES)
def test_equals_torchvision(name: str) -> None:
    spec = archspec.load(f"segmentation/{name}")
    with torch.device("meta"):
        ours, whole, without_heads = (
            archspec.compile(spec),
            with_heads(name),
            theirs(name),
        )
    assert shapes(ours) == shapes(whole)
    assert spec.params == sum(p.numel() for p in whole.parameters())
    assert spec.macs == macs_of(whole, spec.input_shape)
    x = torch.zeros(1, *spec.input_shape, device="meta")
    (our_settings, _), (their_settings, _) = watched(ours), watched(without_heads)
    with torch.no_grad():
        ours.eval()(x)
        without_heads.eval()(x)
    assert our_settings
    assert our_settings == their_settings


@pytest.mark.zoo
@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("size", SIZES)
def test_equal_outputs(name: str, size: tuple[int, int, int]) -> None:
    spec = archspec.load(f"segmentation/{name}", input=size)
    with torch.device("meta"):  # without drawing weights
        ours, whole = archspec.compile(spec), with_heads(name)
    whole.to_empty(device="cpu")
    randomize(whole)
    ours.load_state_dict(whole.state_dict(), assign=True)
    x = torch.randn(2, *size, generator=torch.Generator().manual_seed(1))
    with torch.no_grad():
        assert_close(ours.eval()(x), whole.eval()(x)["out"])
        ours.training = True  # of the network alone: in its layers nothing is random
        found = ours(x) if spec.graph.heads else (ours(x),)
        expected = whole(x)
    assert [*expected] == ["out", "aux"][: len(found)]
    for output, each in zip(found, expected.values(), strict=True):
        assert_close(output, each)
