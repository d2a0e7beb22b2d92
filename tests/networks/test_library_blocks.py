"""Blocks of the library equal torchvision's or a hand-written module: keys and outputs."""

from __future__ import annotations

from functools import partial

import pytest
import torch
from torch import nn
from torchvision.models.efficientnet import MBConv, MBConvConfig
from torchvision.models.mobilenetv2 import InvertedResidual
from torchvision.ops import Conv2dNormActivation, SqueezeExcitation

from archspec.backends.torch.module_from_source import build
from specs import spec


class PreactUnit(nn.Module):
    def __init__(self, cin: int, cout: int, stride: int) -> None:
        super().__init__()
        self.path = nn.Sequential(
            nn.BatchNorm2d(cin),
            nn.ReLU(),
            nn.Conv2d(cin, cout, 3, stride, 1, bias=False),
            nn.BatchNorm2d(cout),
            nn.ReLU(),
            nn.Conv2d(cout, cout, 3, 1, 1, bias=False),
        )
        if stride != 1 or cin != cout:
            self.shortcut = nn.Conv2d(cin, cout, 1, stride, bias=False)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        shortcut = self.shortcut(x) if hasattr(self, "shortcut") else x
        return self.path(x) + shortcut


def double_conv(cin: int, width: int, cout: int) -> nn.Module:
    return nn.Sequential(
        nn.Conv2d(cin, width, 3, padding=1, bias=False),
        nn.BatchNorm2d(width),
        nn.ReLU(),
        nn.Conv2d(width, cout, 3, padding=1, bias=False),
        nn.BatchNorm2d(cout),
        nn.ReLU(),
    )


def mb_conv(t: int, k: int, s: int, cin: int, cout: int) -> nn.Module:
    config = MBConvConfig(t, k, s, cin, cout, 1, 1.0, 1.0)
    return MBConv(config, 0.0, nn.BatchNorm2d)


NORM = partial(nn.BatchNorm2d, eps=1e-3)
PAIRS = {
    "inverted_residual(8)": InvertedResidual(8, 8, 1, 6),
    "inverted_residual(16, s=2)": InvertedResidual(8, 16, 2, 6),
    "inverted_residual(16, t=1)": InvertedResidual(8, 16, 1, 1),
    "mb_conv(8)": mb_conv(6, 3, 1, 8, 8),
    "mb_conv(16, t=4, k=5, s=2)": mb_conv(4, 5, 2, 8, 16),
    "mb_conv(8, t=1)": mb_conv(1, 3, 1, 8, 8),
    "squeeze_excite(4)": SqueezeExcitation(8, 4),
    "squeeze_excite(4, act=silu, gate=hardsigmoid)": SqueezeExcitation(
        8, 4, nn.SiLU, nn.Hardsigmoid
    ),
    "conv_bn_act(4)": Conv2dNormActivation(8, 4, 1),
    "conv_bn_act(4, k=3, s=2, d=2, g=2, act=silu, norm=bn(eps=1e-3))": (
        Conv2dNormActivation(8, 4, 3, 2, None, 2, NORM, nn.SiLU, 2)
    ),
    "double_conv(4)": double_conv(8, 4, 4),
    "double_conv(4, width=6)": double_conv(8, 6, 4),
    "preact_unit(8)": PreactUnit(8, 8, 1),
    "preact_unit(16, s=2)": PreactUnit(8, 16, 2),
}


@pytest.mark.parametrize("call", PAIRS)
def test_equal(call: str) -> None:
    own = build(spec(f"net:\n  - b: {call}\n", input="8x8x8").graph).eval()
    other = PAIRS[call].eval()
    torch.manual_seed(0)
    state = {
        name: torch.rand_like(value, dtype=torch.float).to(value.dtype) + 0.5
        for name, value in other.state_dict().items()
    }
    other.load_state_dict(state)
    own.load_state_dict({f"b.{name}": value for name, value in state.items()})
    x = torch.randn(2, 8, 8, 8)
    torch.testing.assert_close(own(x), other(x))
