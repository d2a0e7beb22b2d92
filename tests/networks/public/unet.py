"""U-Nets by hand, with the structure of Pytorch-UNet's."""
# mypy: no-warn-return-any

from __future__ import annotations

import torch
from torch import Tensor, nn

from .layers import conv_bn_relu


def double(cin: int, cout: int, mid: int | None = None) -> nn.Sequential:
    mid = mid or cout
    return nn.Sequential(conv_bn_relu(cin, mid, 3), conv_bn_relu(mid, cout, 3))


def pad_to(x: Tensor, size: torch.Size) -> Tensor:
    """Zeros on all sides, the odd one at the bottom and on the right."""
    h, w = size[2] - x.shape[2], size[3] - x.shape[3]
    return nn.functional.pad(x, (w // 2, w - w // 2, h // 2, h - h // 2))


class UNet(nn.Module):
    """With `bilinear`, resizing takes the place of the transposed convolutions."""

    def __init__(
        self,
        *,
        bilinear: bool = False,
        cin: int = 3,
        classes: int = 2,
        width: int = 64,
        depth: int = 4,
    ) -> None:
        super().__init__()
        self.down = nn.ModuleList()
        for i in range(depth):
            self.down.append(double(cin, width << i))
            cin = width << i
        bottom = cin if bilinear else 2 * cin
        self.bottom = double(cin, bottom)
        self.up = nn.ModuleList()  # pairs: an upsampling, and the convolutions behind
        for i in reversed(range(depth)):
            c = width << i
            if bilinear:
                up = nn.Upsample(scale_factor=2, mode="bilinear", align_corners=True)
                decode = double(2 * c, max(c // 2, width), c)
            else:
                up = nn.ConvTranspose2d(2 * c, c, 2, 2)
                decode = double(2 * c, c)
            self.up.append(nn.ModuleList([up, decode]))
        self.head = nn.Conv2d(width, classes, 1)

    def forward(self, x: Tensor) -> Tensor:
        skips = []
        for block in self.down:
            skips.append(block(x))
            x = nn.functional.max_pool2d(skips[-1], 2)
        x = self.bottom(x)
        for (up, decode), skip in zip(self.up, reversed(skips), strict=True):
            x = decode(torch.cat([skip, pad_to(up(x), skip.shape)], dim=1))
        return self.head(x)
