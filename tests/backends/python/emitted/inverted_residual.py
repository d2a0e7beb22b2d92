"""the inverted residual of MobileNetV2

Written by archspec VERSION from `inverted_residual_net`: edit it, or make it again
with
`archspec compile inverted_residual.yaml`.
"""

from torch import Tensor, nn


class ConvNormAct(nn.Sequential):
    """Convolution without bias, batch norm, activation; the size is kept at stride
    1.

    Shape:
        [N, in_channels, H, W]
        -> [N, out_channels, ceil(H / stride), ceil(W / stride)]
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        *,
        kernel_size: int = 1,
        stride: int = 1,
        groups: int = 1,
    ) -> None:
        super().__init__(
            nn.Conv2d(
                in_channels,
                out_channels,
                kernel_size=kernel_size,
                stride=stride,
                padding=kernel_size // 2,
                groups=groups,
                bias=False,
            ),
            nn.BatchNorm2d(out_channels),
            nn.ReLU6(),
        )


class InvertedResidual(nn.Module):
    """Expand with 1x1, filter each channel, project with 1x1 (Sandler et al., 2018).

    Shape:
        [N, in_channels, H, W] -> [N, out_channels, H, W]
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        *,
        stride: int = 1,
        expand_ratio: int = 6,
    ) -> None:
        super().__init__()
        hidden = in_channels * expand_ratio
        self.conv = nn.Sequential(
            ConvNormAct(
                in_channels, hidden, kernel_size=3, stride=stride, groups=hidden
            ),
            nn.Conv2d(hidden, out_channels, kernel_size=1, bias=False),
            nn.BatchNorm2d(out_channels),
        )

    def forward(self, x: Tensor) -> Tensor:
        x = self.conv(x) + x
        return x


class InvertedResidual2(nn.Sequential):
    """Expand with 1x1, filter each channel, project with 1x1 (Sandler et al., 2018).

    Shape:
        [N, in_channels, H, W]
        -> [N, out_channels, ceil(H / stride), ceil(W / stride)]
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        *,
        stride: int = 1,
        expand_ratio: int = 6,
    ) -> None:
        hidden = in_channels * expand_ratio
        super().__init__()
        self.conv = nn.Sequential(
            ConvNormAct(in_channels, hidden),
            ConvNormAct(hidden, hidden, kernel_size=3, stride=stride, groups=hidden),
            nn.Conv2d(hidden, out_channels, kernel_size=1, bias=False),
            nn.BatchNorm2d(out_channels),
        )


class ConvNormAct2(nn.Sequential):
    """Convolution without bias, batch norm, activation; the size is kept at stride
    1.

    Shape:
        [N, in_channels, H, W] -> [N, out_channels, H, W]
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        *,
        kernel_size: int = 1,
        stride: int = 1,
        groups: int = 1,
    ) -> None:
        super().__init__(
            nn.Conv2d(
                in_channels,
                out_channels,
                kernel_size=kernel_size,
                stride=stride,
                padding=kernel_size // 2,
                groups=groups,
                bias=False,
            ),
            nn.BatchNorm2d(out_channels),
            nn.Hardswish(),
        )


class InvertedResidual3(nn.Module):
    """Expand with 1x1, filter each channel, project with 1x1 (Sandler et al., 2018).

    Shape:
        [N, in_channels, H, W] -> [N, out_channels, H, W]
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        *,
        stride: int = 1,
        expand_ratio: int = 6,
    ) -> None:
        super().__init__()
        hidden = in_channels * expand_ratio
        self.conv = nn.Sequential(
            ConvNormAct2(in_channels, hidden),
            ConvNormAct2(hidden, hidden, kernel_size=3, stride=stride, groups=hidden),
            nn.Conv2d(hidden, out_channels, kernel_size=1, bias=False),
            nn.BatchNorm2d(out_channels),
        )

    def forward(self, x: Tensor) -> Tensor:
        x = self.conv(x) + x
        return x


class InvertedResidualNet(nn.Sequential):
    """The inverted residual of MobileNetV2.

    Shape:
        [N, 16, 8, 8] -> [N, 24, 4, 4]
    """

    def __init__(self) -> None:
        super().__init__(
            InvertedResidual(16, 16, expand_ratio=1),  # [16, 8, 8]
            InvertedResidual2(16, 24, stride=2),  # [24, 4, 4]
            InvertedResidual3(24, 24),  # [24, 4, 4]
        )
