"""ResNet-110 by hand, with ten kinds of residual unit (He et al., 2016)."""
# mypy: no-warn-return-any

from __future__ import annotations

import torch
from torch import Tensor, nn


def conv3x3(in_channels: int, out_channels: int, stride: int = 1) -> nn.Conv2d:
    return nn.Conv2d(in_channels, out_channels, 3, stride, padding=1, bias=False)


def bn_relu(channels: int) -> list[nn.Module]:
    return [nn.BatchNorm2d(channels), nn.ReLU()]


class Subsample(nn.Module):
    """A shortcut without parameters: every second pixel, then channels of zeros."""

    def __init__(self, extra_channels: int) -> None:
        super().__init__()
        self.extra_channels = extra_channels

    def forward(self, x: Tensor) -> Tensor:
        pixels = x[:, :, ::2, ::2]
        return nn.functional.pad(pixels, (0, 0, 0, 0, 0, self.extra_channels))


class Unit(nn.Module):
    """The sum of a shortcut and a path, and what follows it."""

    def __init__(
        self, shortcut: nn.Module, path: list[nn.Module], after: list[nn.Module]
    ) -> None:
        super().__init__()
        self.shortcut = shortcut
        self.path = nn.Sequential(*path)
        self.after = nn.Sequential(*after)

    def forward(self, x: Tensor) -> Tensor:
        return self.after(self.shortcut(x) + self.path(x))


class ScaledUnit(Unit):
    """The mean of a shortcut and a path."""

    def forward(self, x: Tensor) -> Tensor:
        return self.after(0.5 * self.shortcut(x) + 0.5 * self.path(x))


class GatedUnit(nn.Module):
    """A gate closes the shortcut and, if it is exclusive, opens the path."""

    def __init__(
        self,
        gate: nn.Conv2d,
        shortcut: nn.Module,
        path: list[nn.Module],
        *,
        exclusive: bool,
    ) -> None:
        super().__init__()
        self.gate = gate
        self.shortcut = shortcut
        self.path = nn.Sequential(*path)
        self.exclusive = exclusive

    def forward(self, x: Tensor) -> Tensor:
        gate, path = torch.sigmoid(self.gate(x)), self.path(x)
        if self.exclusive:
            path = gate * path
        return torch.relu((1 - gate) * self.shortcut(x) + path)


def make_unit(kind: str, cin: int, cout: int, stride: int, *, first: bool) -> nn.Module:
    """A unit; the stem has activated what the first one of the network reads."""
    skip = Subsample(cout - cin) if stride != 1 else nn.Identity()
    path = [conv3x3(cin, cout, stride), *bn_relu(cout), conv3x3(cout, cout)]
    bn, relu = nn.BatchNorm2d(cout), nn.ReLU()
    match kind:
        case "original":
            return Unit(skip, [*path, bn], [relu])
        case "constant_scaling":
            return ScaledUnit(skip, [*path, bn], [relu])
        case "exclusive_gating" | "shortcut_only_gating":
            gate = nn.Conv2d(cin, cout, 1, stride)
            exclusive = kind == "exclusive_gating"
            return GatedUnit(gate, skip, [*path, bn], exclusive=exclusive)
        case "conv_shortcut":
            conv = nn.Conv2d(cin, cout, 1, stride, bias=False)
            norm = nn.BatchNorm2d(cout)
            return Unit(nn.Sequential(conv, norm), [*path, bn], [relu])
        case "dropout_shortcut":
            return Unit(nn.Sequential(skip, nn.Dropout(0.5)), [*path, bn], [relu])
        case "bn_after_addition":
            return Unit(skip, path, [bn, relu])
        case "relu_before_addition":
            return Unit(skip, [*path, bn, relu], [])
        case "relu_only_preactivation":
            return Unit(skip, [*path, bn] if first else [relu, *path, bn], [])
        case "full_preactivation":
            return Unit(skip, path if first else [*bn_relu(cin), *path], [])
    raise ValueError(kind)


class ResNet110(nn.Sequential):
    """Three stages of `n` units, 6n + 2 layers in all."""

    def __init__(self, kind: str, *, n: int = 18, num_classes: int = 10) -> None:
        cin = 16
        units: list[nn.Module] = []
        for cout, first_stride in ((16, 1), (32, 2), (64, 2)):
            for stride in (first_stride, *[1] * (n - 1)):
                units.append(make_unit(kind, cin, cout, stride, first=not units))
                cin = cout
        if kind == "relu_only_preactivation":
            units.append(nn.ReLU())
        if kind == "full_preactivation":
            units.extend(bn_relu(cin))
        super().__init__(
            conv3x3(3, 16),
            *bn_relu(16),
            *units,
            nn.AdaptiveAvgPool2d(1),
            nn.Flatten(),
            nn.Linear(cin, num_classes),
        )
