"""DenseNet by hand: four blocks of four layers, each of which adds 32 channels."""

from __future__ import annotations

import torch
from torch import Tensor, nn


def bn_relu_conv(in_channels: int, out_channels: int, k: int) -> nn.Sequential:
    return nn.Sequential(
        nn.BatchNorm2d(in_channels),
        nn.ReLU(),
        nn.Conv2d(in_channels, out_channels, k, padding=k // 2),
    )


class DenseBlock(nn.Module):
    def __init__(self, in_channels: int, layers: int, growth: int) -> None:
        super().__init__()
        self.layers = nn.ModuleList(
            bn_relu_conv(in_channels + i * growth, growth, 3) for i in range(layers)
        )

    def forward(self, x: Tensor) -> Tensor:
        for layer in self.layers:
            x = torch.cat([x, layer(x)], dim=1)
        return x


class DenseNet(nn.Sequential):
    def __init__(
        self, *, layers: int = 4, growth: int = 32, num_classes: int = 10
    ) -> None:
        super().__init__(
            nn.Conv2d(1, 64, 7, stride=2, padding=3),
            nn.BatchNorm2d(64),
            nn.ReLU(),
            nn.MaxPool2d(3, stride=2, padding=1),
        )
        channels = 64
        for i in range(4):
            if i > 0:
                self.append(bn_relu_conv(channels, channels // 2, 1))
                self.append(nn.AvgPool2d(2))
                channels //= 2
            self.append(DenseBlock(channels, layers, growth))
            channels += layers * growth
        self.extend(
            [
                nn.BatchNorm2d(channels),
                nn.ReLU(),
                nn.AdaptiveAvgPool2d(1),
                nn.Flatten(),
                nn.Linear(channels, num_classes),
            ]
        )
