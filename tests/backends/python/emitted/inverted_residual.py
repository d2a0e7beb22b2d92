"""the inverted residual of MobileNetV2

Written by archspec VERSION from `inverted_residual_net`:
`archspec compile inverted_residual.yaml` makes it again.
"""

from collections.abc import Callable

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
        act: Callable[..., nn.Module] = nn.ReLU6,
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
            act(),
        )


class InvertedResidual(nn.Module):
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
        act: Callable[..., nn.Module] = nn.ReLU6,
    ) -> None:
        super().__init__()
        hidden = in_channels * expand_ratio
        self.use_shortcut = stride == 1 and in_channels == out_channels
        layers: list[nn.Module] = []
        if expand_ratio != 1:
            layers.append(ConvNormAct(in_channels, hidden, act=act))
        layers += [
            # depthwise
            ConvNormAct(
                hidden, hidden, kernel_size=3, stride=stride, groups=hidden, act=act
            ),
            # projection, without activation
            nn.Conv2d(hidden, out_channels, kernel_size=1, bias=False),
            nn.BatchNorm2d(out_channels),
        ]
        self.conv = nn.Sequential(*layers)

    def forward(self, x: Tensor) -> Tensor:
        out = self.conv(x)
        x = out + x if self.use_shortcut else out
        return x


class InvertedResidualNet(nn.Sequential):
    """The inverted residual of MobileNetV2.

    Shape:
        [N, 16, 8, 8] -> [N, 24, 4, 4]
    """

    def __init__(self) -> None:
        super().__init__(
            InvertedResidual(16, 16, expand_ratio=1),  # [16, 8, 8]
            InvertedResidual(16, 24, stride=2),  # [24, 4, 4]
            InvertedResidual(24, 24, act=nn.Hardswish),  # [24, 4, 4]
        )
