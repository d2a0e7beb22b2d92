"""The second U-Net of Pytorch-UNet by hand; the first is `unet.py`."""

from __future__ import annotations

from torch import nn

from .unet import UNet, double_conv


class BilinearUNet(UNet):
    """Resizing takes the place of the transposed convolutions."""

    def __init__(self) -> None:
        super().__init__()
        self.bottom = double_conv(512, 512)
        self.up = nn.ModuleList(
            nn.ModuleList(
                [
                    nn.Upsample(scale_factor=2, mode="bilinear", align_corners=True),
                    double_conv(2 * c, max(c // 2, 64), c),
                ]
            )
            for c in (512, 256, 128, 64)
        )
