"""GoogLeNet by hand, without the auxiliary classifiers."""

from __future__ import annotations

import torch
from torch import Tensor, nn


def conv_relu(
    in_channels: int, out_channels: int, k: int, stride: int = 1
) -> nn.Sequential:
    """A convolution that keeps the size, but for its stride."""
    conv = nn.Conv2d(in_channels, out_channels, k, stride, padding=k // 2)
    return nn.Sequential(conv, nn.ReLU())


class Inception(nn.Module):
    """Four paths that see the input at different scales."""

    def __init__(
        self,
        in_channels: int,
        c1: int,
        c3: tuple[int, int],
        c5: tuple[int, int],
        pool: int,
    ) -> None:
        super().__init__()
        self.branches = nn.ModuleList(
            [
                conv_relu(in_channels, c1, 1),
                nn.Sequential(conv_relu(in_channels, c3[0], 1), conv_relu(*c3, 3)),
                nn.Sequential(conv_relu(in_channels, c5[0], 1), conv_relu(*c5, 5)),
                nn.Sequential(
                    nn.MaxPool2d(3, stride=1, padding=1),
                    conv_relu(in_channels, pool, 1),
                ),
            ]
        )

    def forward(self, x: Tensor) -> Tensor:
        return torch.cat([branch(x) for branch in self.branches], dim=1)


def half_size() -> nn.MaxPool2d:
    return nn.MaxPool2d(3, stride=2, padding=1)


class GoogLeNet(nn.Sequential):
    def __init__(self, num_classes: int = 10) -> None:
        super().__init__(
            conv_relu(1, 64, 7, stride=2),
            half_size(),
            conv_relu(64, 64, 1),
            conv_relu(64, 192, 3),
            half_size(),
            Inception(192, 64, (96, 128), (16, 32), 32),
            Inception(256, 128, (128, 192), (32, 96), 64),
            half_size(),
            Inception(480, 192, (96, 208), (16, 48), 64),
            Inception(512, 160, (112, 224), (24, 64), 64),
            Inception(512, 128, (128, 256), (24, 64), 64),
            Inception(512, 112, (144, 288), (32, 64), 64),
            Inception(528, 256, (160, 320), (32, 128), 128),
            half_size(),
            Inception(832, 256, (160, 320), (32, 128), 128),
            Inception(832, 384, (192, 384), (48, 128), 128),
            nn.AdaptiveAvgPool2d(1),
            nn.Flatten(),
            nn.Linear(1024, num_classes),
        )
