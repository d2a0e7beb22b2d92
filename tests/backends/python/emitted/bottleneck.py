"""bottleneck_net

Written by archspec VERSION from `bottleneck_net`:
`archspec compile bottleneck.yaml` makes it again.
"""

from torch import Tensor, nn


class Bottleneck(nn.Module):
    """ResNet-50 and deeper (He et al., 2015): 1x1 down to `width`, 3x3, 1x1 up to
    `out_channels`. The stride is on the 3x3; `groups` groups its channels
    (ResNeXt, Xie et al., 2016).

    Shape:
        [N, in_channels, H, W]
        -> [N, out_channels, ceil(H / stride), ceil(W / stride)]
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        *,
        width: int,
        stride: int = 1,
        groups: int = 1,
    ) -> None:
        super().__init__()
        self.path = nn.Sequential(
            nn.Conv2d(in_channels, width, kernel_size=1, bias=False),
            nn.BatchNorm2d(width),
            nn.ReLU(),
            nn.Conv2d(
                width,
                width,
                kernel_size=3,
                stride=stride,
                padding=1,
                groups=groups,
                bias=False,
            ),
            nn.BatchNorm2d(width),
            nn.ReLU(),
            nn.Conv2d(width, out_channels, kernel_size=1, bias=False),
            nn.BatchNorm2d(out_channels),
        )
        self.shortcut = nn.Sequential(
            nn.Conv2d(
                in_channels, out_channels, kernel_size=1, stride=stride, bias=False
            ),
            nn.BatchNorm2d(out_channels),
        )
        self.act = nn.ReLU()

    def forward(self, x: Tensor) -> Tensor:
        x = self.act(self.path(x) + self.shortcut(x))
        return x


class BottleneckNet(nn.Sequential):
    """The network `bottleneck_net`.

    Shape:
        [N, 3, 8, 8] -> [N, 32, 4, 4]
    """

    def __init__(self) -> None:
        super().__init__(
            Bottleneck(3, 16, width=4),  # [16, 8, 8]
            Bottleneck(16, 32, width=8, stride=2),  # [32, 4, 4]
        )
