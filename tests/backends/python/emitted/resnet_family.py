"""ResNet (He et al., 2015) and ResNeXt (Xie et al., 2016)

Written by archspec VERSION from `resnet_family`:
`archspec compile resnet_family.yaml` makes it again.
"""

from collections.abc import Callable
from functools import partial
from typing import Any

from torch import Tensor, nn


class Bottleneck(nn.Module):
    """1x1, 3x3 with groups, 1x1 up to four times the planes.

    Shape:
        [N, in_channels, H, W]
        -> [N, 4 * planes, ceil(H / stride), ceil(W / stride)]
    """

    def __init__(
        self, in_channels: int, planes: int, *, stride: int = 1, groups: int = 1
    ) -> None:
        super().__init__()
        self.out_channels = 4 * planes
        self.conv1 = nn.Conv2d(in_channels, planes, kernel_size=1, bias=False)
        self.bn1 = nn.BatchNorm2d(planes)
        self.relu = nn.ReLU()
        self.conv2 = nn.Conv2d(
            planes,
            planes,
            kernel_size=3,
            stride=stride,
            padding=1,
            groups=groups,
            bias=False,
        )
        self.bn2 = nn.BatchNorm2d(planes)
        self.conv3 = nn.Conv2d(planes, 4 * planes, kernel_size=1, bias=False)
        self.bn3 = nn.BatchNorm2d(4 * planes)
        self.downsample: nn.Module = nn.Identity()
        if stride != 1 or in_channels != 4 * planes:
            self.downsample = nn.Sequential(
                nn.Conv2d(
                    in_channels, 4 * planes, kernel_size=1, stride=stride, bias=False
                ),
                nn.BatchNorm2d(4 * planes),
            )

    def forward(self, x: Tensor) -> Tensor:
        out = self.relu(self.bn1(self.conv1(x)))
        out = self.relu(self.bn2(self.conv2(out)))
        x = self.relu(self.bn3(self.conv3(out)) + self.downsample(x))
        return x


class BasicBlock(nn.Module):
    """Two 3x3 convolutions, added to their input or to a projection of it.

    Shape:
        [N, in_channels, H, W] -> [N, planes, ceil(H / stride), ceil(W / stride)]
    """

    def __init__(self, in_channels: int, planes: int, *, stride: int = 1) -> None:
        super().__init__()
        self.out_channels = planes
        self.conv1 = nn.Conv2d(
            in_channels, planes, kernel_size=3, stride=stride, padding=1, bias=False
        )
        self.bn1 = nn.BatchNorm2d(planes)
        self.relu = nn.ReLU()
        self.conv2 = nn.Conv2d(planes, planes, kernel_size=3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(planes)
        self.downsample: nn.Module = nn.Identity()
        if stride != 1 or in_channels != planes:
            self.downsample = nn.Sequential(
                nn.Conv2d(
                    in_channels, planes, kernel_size=1, stride=stride, bias=False
                ),
                nn.BatchNorm2d(planes),
            )

    def forward(self, x: Tensor) -> Tensor:
        out = self.relu(self.bn1(self.conv1(x)))
        x = self.relu(self.bn2(self.conv2(out)) + self.downsample(x))
        return x


class ResnetFamily(nn.Module):
    """ResNet (He et al., 2015) and ResNeXt (Xie et al., 2016).

    Shape:
        [N, 3, 64, 64] -> [N, 10]
    """

    def __init__(
        self,
        *,
        classes: int = 10,
        unit: type[BasicBlock | Bottleneck] = Bottleneck,
        layers: tuple[int, int] = (3, 4),
        groups: int = 1,
    ) -> None:
        super().__init__()
        block: Callable[..., BasicBlock | Bottleneck] = unit
        if issubclass(unit, Bottleneck):
            block = partial(unit, groups=groups)
        self.conv1 = nn.Conv2d(3, 16, kernel_size=3, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(16)
        self.relu = nn.ReLU()
        stages = []
        channels = 16
        for i, n in enumerate(layers):
            blocks: list[nn.Module] = []
            for j in range(n):
                layer = block(channels, 16 * 2**i, stride=2 if i > 0 and j == 0 else 1)
                blocks.append(layer)
                channels = layer.out_channels
            stages.append(nn.Sequential(*blocks))
        self.layer1, self.layer2 = stages
        self.avgpool = nn.AdaptiveAvgPool2d(1)
        self.fc = nn.Linear(channels, classes)

    def forward(self, x: Tensor) -> Tensor:
        x = self.relu(self.bn1(self.conv1(x)))  # [16, 64, 64]
        x = self.layer1(x)  # [64, 64, 64]
        x = self.layer2(x)  # [128, 32, 32]
        x = self.avgpool(x).flatten(1)  # [128]
        x = self.fc(x)  # [10]
        return x


def resnet10(**params: Any) -> ResnetFamily:
    """resnet10: 43,226 parameters."""
    return ResnetFamily(unit=BasicBlock, layers=(2, 2), **params)


def resnet23(**params: Any) -> ResnetFamily:
    """resnet23: 93,338 parameters."""
    return ResnetFamily(**params)


def resnext23(**params: Any) -> ResnetFamily:
    """resnext23: 60,506 parameters."""
    return ResnetFamily(groups=4, **params)
