"""FCN and DeepLabV3 on a ResNet-50 whose last stages are dilated, as torchvision has them."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import nn
from torchvision.models import segmentation

import archspec

from .comparison import assert_equal

SPEC = Path(__file__).with_name("grown") / "segmentation.yaml"


@pytest.mark.parametrize("variant", ["fcn_resnet50", "deeplabv3_resnet50"])
def test_torchvision_has_the_same(variant: str) -> None:
    size = 61  # eight divides it no more than it does 225
    spec = archspec.load(SPEC, variant=variant, input=(3, size, size))
    theirs = getattr(segmentation, variant)(weights_backbone=None, aux_loss=True)
    ours = archspec.compile(spec)
    assert spec.params == sum(p.numel() for p in theirs.parameters())
    assert ours.load_state_dict(theirs.state_dict()).missing_keys == []
    x = torch.randn(2, 3, size, size)
    for network in (ours, theirs):
        for module in network.modules():
            if isinstance(module, nn.BatchNorm2d | nn.Dropout):
                module.eval()
    with torch.no_grad():
        out, aux = ours(x)
        expected = theirs(x)
        assert_equal(ours.eval()(x), theirs.eval()(x)["out"])
    assert_equal(out, expected["out"])
    assert_equal(aux, expected["aux"])
