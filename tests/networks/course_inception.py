"""The course's small network of two inception modules, by hand."""

from __future__ import annotations

import torch
from torch import Tensor, nn


class InceptionA(nn.Module):
    def __init__(self, in_channels: int) -> None:
        super().__init__()
        self.branch1 = nn.Conv2d(in_channels, 16, 1)
        self.branch2 = nn.Sequential(
            nn.Conv2d(in_channels, 16, 1),
            nn.Conv2d(16, 24, 5, padding=2),
        )
        self.branch3 = nn.Sequential(
            nn.Conv2d(in_channels, 16, 1),
            nn.Conv2d(16, 24, 3, padding=1),
            nn.Conv2d(24, 24, 3, padding=1),
        )
        self.branch4 = nn.Sequential(
            nn.AvgPool2d(3, stride=1, padding=1),
            nn.Conv2d(in_channels, 24, 1),
        )

    def forward(self, x: Tensor) -> Tensor:
        branches = (self.branch1, self.branch2, self.branch3, self.branch4)
        return torch.cat([branch(x) for branch in branches], dim=1)


class CourseInception(nn.Sequential):
    def __init__(self, num_classes: int = 10) -> None:
        super().__init__(
            nn.Conv2d(1, 10, 5),
            nn.MaxPool2d(2),
            nn.ReLU(),
            InceptionA(10),
            nn.Conv2d(88, 20, 5),
            nn.MaxPool2d(2),
            nn.ReLU(),
            InceptionA(20),
            nn.Flatten(),
            nn.Linear(88 * 4 * 4, num_classes),
        )
