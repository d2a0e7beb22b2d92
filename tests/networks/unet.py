"""U-Net by hand, for images of any size."""
# mypy: no-warn-return-any

from __future__ import annotations

import torch
from torch import Tensor, nn


def double_conv(cin: int, cout: int, width: int | None = None) -> nn.Sequential:
    width = width or cout
    return nn.Sequential(
        nn.Conv2d(cin, width, 3, padding=1, bias=False),
        nn.BatchNorm2d(width),
        nn.ReLU(),
        nn.Conv2d(width, cout, 3, padding=1, bias=False),
        nn.BatchNorm2d(cout),
        nn.ReLU(),
    )


def pad_like(x: Tensor, other: Tensor) -> Tensor:
    """Zeros on all sides, the odd one at the bottom and on the right."""
    h, w = other.shape[2] - x.shape[2], other.shape[3] - x.shape[3]
    return nn.functional.pad(x, (w // 2, w - w // 2, h // 2, h - h // 2))


class UNet(nn.Module):
    def __init__(
        self, *, cin: int = 3, classes: int = 2, width: int = 64, depth: int = 4
    ) -> None:
        super().__init__()
        self.down = nn.ModuleList()
        for i in range(depth):
            self.down.append(double_conv(cin, width << i))
            cin = width << i
        self.pool = nn.MaxPool2d(2)
        self.bottom = double_conv(cin, 2 * cin)
        self.up = nn.ModuleList(
            nn.ModuleList([nn.ConvTranspose2d(2 * c, c, 2, 2), double_conv(2 * c, c)])
            for c in (width << i for i in reversed(range(depth)))
        )
        self.head = nn.Conv2d(width, classes, 1)

    def forward(self, x: Tensor) -> Tensor:
        skips = []
        for encode in self.down:
            skips.append(encode(x))
            x = self.pool(skips[-1])
        x = self.bottom(x)
        for (up, decode), skip in zip(self.up, reversed(skips), strict=True):
            x = decode(torch.cat([skip, pad_like(up(x), skip)], dim=1))
        return self.head(x)
