"""Network in Network by hand: the layer list of Dive into Deep Learning 8.3."""
# mypy: no-warn-return-any

from __future__ import annotations

from torch import Tensor, nn


class MLPConv(nn.Module):
    """A convolution, then two of 1x1: a small network slid over the image."""

    def __init__(
        self, in_channels: int, out_channels: int, kernel_size: int, stride: int, padding: int
    ) -> None:  # fmt: skip
        super().__init__()
        self.conv = nn.Conv2d(in_channels, out_channels, kernel_size, stride, padding)
        self.mlp1 = nn.Conv2d(out_channels, out_channels, kernel_size=1)
        self.mlp2 = nn.Conv2d(out_channels, out_channels, kernel_size=1)
        self.relu = nn.ReLU()

    def forward(self, x: Tensor) -> Tensor:
        x = self.relu(self.conv(x))
        x = self.relu(self.mlp1(x))
        return self.relu(self.mlp2(x))


class NiN(nn.Module):
    def __init__(self, num_classes: int = 10) -> None:
        super().__init__()
        self.features = nn.Sequential(
            MLPConv(1, 96, kernel_size=11, stride=4, padding=0),
            nn.MaxPool2d(kernel_size=3, stride=2),
            MLPConv(96, 256, kernel_size=5, stride=1, padding=2),
            nn.MaxPool2d(kernel_size=3, stride=2),
            MLPConv(256, 384, kernel_size=3, stride=1, padding=1),
            nn.MaxPool2d(kernel_size=3, stride=2),
            nn.Dropout(0.5),
        )
        self.classifier = MLPConv(384, num_classes, kernel_size=3, stride=1, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        x = self.classifier(self.features(x))
        return x.mean(dim=(2, 3))
