"""The library's `residual` with a max pool for its shortcut, against one by hand."""
# mypy: no-warn-return-any

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

import archspec
import specs

from .comparison import (
    Size,
    assert_equal,
    gradients,
    images,
    parameters_of,
    settings_of,
    with_equal_weights,
)

SPEC = """
net:
  - residual(4, s=2, maxpool_shortcut=true)
  - residual(4, s=2, maxpool_shortcut=true)
  - residual(4, maxpool_shortcut=true)
  - residual(6, maxpool_shortcut=true)
  - global_avgpool | flatten
"""


class Residual(nn.Module):
    def __init__(self, in_channels: int, out_channels: int, stride: int = 1) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(in_channels, out_channels, 3, stride, padding=1)
        self.norm1 = nn.BatchNorm2d(out_channels)
        self.conv2 = nn.Conv2d(out_channels, out_channels, 3, padding=1)
        self.norm2 = nn.BatchNorm2d(out_channels)
        self.shortcut: nn.Module = nn.Identity()
        if in_channels != out_channels:
            self.shortcut = nn.Conv2d(in_channels, out_channels, 1, stride)
        elif stride != 1:
            self.shortcut = nn.MaxPool2d(2, stride, ceil_mode=True)

    def forward(self, x: Tensor) -> Tensor:
        y = torch.relu(self.norm1(self.conv1(x)))
        return torch.relu(self.norm2(self.conv2(y)) + self.shortcut(x))


def by_hand() -> nn.Sequential:
    return nn.Sequential(
        Residual(3, 4, stride=2),  # the channels change, so its shortcut convolves
        Residual(4, 4, stride=2),  # only the size changes, so its shortcut pools
        Residual(4, 4),
        Residual(4, 6),
        nn.AdaptiveAvgPool2d(1),
        nn.Flatten(),
    )


@pytest.mark.parametrize("size", [(3, 16, 16), (3, 17, 17), (3, 21, 14), (3, 19, 25)])
def test_residual_with_a_pool(size: Size) -> None:
    spec = specs.spec(SPEC, input="x".join(map(str, size)))
    ours, theirs = with_equal_weights(lambda: archspec.compile(spec), by_hand)
    assert parameters_of(theirs) == spec.params
    x, labels = images(size), torch.tensor([3, 5])
    for found, expected in zip(
        gradients(ours, x, labels), gradients(theirs, x, labels), strict=True
    ):
        assert_equal(found, expected)
    assert settings_of(ours, x) == settings_of(theirs, x)  # and in eval mode from here
    assert_equal(ours(x), theirs(x))
