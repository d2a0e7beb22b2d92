"""VGG by hand, with 11 to 19 layers of weights."""

from __future__ import annotations

from torch import nn

CONVS_PER_BLOCK = {
    11: (1, 1, 2, 2, 2),
    13: (2, 2, 2, 2, 2),
    16: (2, 2, 3, 3, 3),
    19: (2, 2, 4, 4, 4),
}


def vgg_block(in_channels: int, out_channels: int, convs: int) -> nn.Sequential:
    layers: list[nn.Module] = []
    for _ in range(convs):
        layers += [nn.Conv2d(in_channels, out_channels, 3, padding=1), nn.ReLU()]
        in_channels = out_channels
    return nn.Sequential(*layers, nn.MaxPool2d(2))


class VGG(nn.Sequential):
    def __init__(
        self, layers: int = 11, *, width: float = 1.0, num_classes: int = 10
    ) -> None:
        channels = [1, *(int(c * width) for c in (64, 128, 256, 512, 512))]
        super().__init__(
            *map(vgg_block, channels, channels[1:], CONVS_PER_BLOCK[layers]),
            nn.Flatten(),
            nn.Linear(channels[-1] * 7 * 7, 4096),
            nn.ReLU(),
            nn.Dropout(0.5),
            nn.Linear(4096, 4096),
            nn.ReLU(),
            nn.Dropout(0.5),
            nn.Linear(4096, num_classes),
        )
