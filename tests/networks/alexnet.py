"""AlexNet by hand, in one stream."""

from __future__ import annotations

from torch import nn


def dropout2d(features: int, p: float) -> nn.Sequential:
    """Take each feature as a channel of one pixel, and drop whole channels."""
    return nn.Sequential(
        nn.Unflatten(1, (features, 1, 1)), nn.Dropout2d(p), nn.Flatten()
    )


class AlexNet(nn.Sequential):
    def __init__(self, *, channelwise: bool = False, num_classes: int = 10) -> None:
        super().__init__(
            nn.Conv2d(1, 96, kernel_size=11, stride=4, padding=1),
            nn.ReLU(),
            nn.MaxPool2d(kernel_size=3, stride=2),
            nn.Conv2d(96, 256, kernel_size=5, padding=2),
            nn.ReLU(),
            nn.MaxPool2d(kernel_size=3, stride=2),
            nn.Conv2d(256, 384, kernel_size=3, padding=1),
            nn.ReLU(),
            nn.Conv2d(384, 384, kernel_size=3, padding=1),
            nn.ReLU(),
            nn.Conv2d(384, 256, kernel_size=3, padding=1),
            nn.ReLU(),
            nn.MaxPool2d(kernel_size=3, stride=2),
            nn.Flatten(),
            nn.Linear(256 * 5 * 5, 4096),
            nn.ReLU(),
            nn.Dropout(0.5),
            nn.Linear(4096, 4096),
            nn.ReLU(),
            dropout2d(4096, 0.5) if channelwise else nn.Dropout(0.5),
            nn.Linear(4096, num_classes),
        )
