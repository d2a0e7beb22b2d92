"""A U-Net as a recursive block, against one written by hand."""

from __future__ import annotations

import re

import torch
from tests.specs import check
from torch import Tensor, nn

import archspec

from .comparison import assert_equal, images, parameters_of, with_equal_weights

HEADER = """
archspec: 1
name: unet
input: 3x64x64
params: {classes: 2, width: 64, depth: 4}
blocks:
  double(cout):
    - conv(cout, k=3, p=1, bias=false) | bn | relu
    - conv(cout, k=3, p=1, bias=false) | bn | relu
"""
RECURSIVE = f"""{HEADER}
  level(c, depth):
    - down: double(c)
    - if: depth > 0
      then:
        - concat:
            - identity
            - maxpool(2) | level(2 * c, depth - 1) | conv_transpose(c, k=2, s=2)
        - up: double(c)
net:
  - level(width, depth)
  - head: conv(classes, k=1)
"""
PARAMETERS = 31_037_698


def double(channels: int, out: int) -> nn.Sequential:
    layers: list[nn.Module] = []
    for width in (channels, out):
        conv = nn.Conv2d(width, out, 3, padding=1, bias=False)
        layers += [conv, nn.BatchNorm2d(out), nn.ReLU()]
    return nn.Sequential(*layers)


class Level(nn.Module):
    """A level of a U-Net, with its layers in the order of execution."""

    def __init__(self, channels: int, out: int, depth: int) -> None:
        super().__init__()
        self.down = double(channels, out)
        self.depth = depth
        if depth:
            self.inner = Level(out, 2 * out, depth - 1)
            self.raise_ = nn.ConvTranspose2d(2 * out, out, 2, 2)
            self.up = double(2 * out, out)

    def forward(self, x: Tensor) -> Tensor:
        x = self.down(x)
        if self.depth:
            inner = self.raise_(self.inner(nn.functional.max_pool2d(x, 2)))
            x = self.up(torch.cat([x, inner], 1))
        return x


def by_hand() -> nn.Sequential:
    return nn.Sequential(Level(3, 64, 4), nn.Conv2d(64, 2, 1))


def test_unet() -> None:
    """It has the parameters of the one by hand, and computes the same."""
    spec = check(RECURSIVE).require()
    assert spec.params == PARAMETERS == parameters_of(archspec.compile(spec))
    ours, theirs = with_equal_weights(lambda: archspec.compile(spec), by_hand)
    x = images((3, 64, 64))
    with torch.no_grad():
        assert_equal(ours(x), theirs(x))


def test_recursion_is_one_class() -> None:
    """The level makes the next one, as the one by hand does."""
    source = archspec.to_source(check(RECURSIVE).require())
    assert re.findall(r"^class (\w+)", source, re.MULTILINE) == [
        "Double",
        "Level",
        "Unet",
    ]


def test_keys() -> None:
    """The path of a layer is its path in the spec."""
    recursive = archspec.compile(check(RECURSIVE).require()).state_dict()
    inner = "0.level1.level1.level1.level1.down.0.weight"
    assert {"0.down.0.weight", "0.conv_transpose1.bias", inner} < set(recursive)
