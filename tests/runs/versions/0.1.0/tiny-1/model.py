"""tiny

Written by archspec.
"""

from torch import Tensor, nn


class Unit(nn.ModuleList):
    """`unit(cout)`"""

    def __init__(self, in_channels: int, cout: int) -> None:
        super().__init__(
            [
                nn.Conv2d(in_channels, cout, kernel_size=3, padding=1),
                nn.BatchNorm2d(cout),
                nn.ReLU(),
                nn.Conv2d(in_channels, cout, kernel_size=1),
                nn.ReLU(),
            ]
        )

    def forward(self, x: Tensor) -> Tensor:
        conv1, bn, relu1, conv2, relu2 = self
        return relu2(relu1(bn(conv1(x))) + conv2(x))  # tiny.yaml:7


class Tiny(nn.Sequential):
    """Takes images of 1x8x8."""

    def __init__(self) -> None:
        super().__init__(
            Unit(1, 5),  # [5, 8, 8]
            Unit(5, 10),  # [10, 8, 8]
            nn.AdaptiveAvgPool2d(1),  # [10, 1, 1]
            nn.Flatten(),  # [10]
            nn.Dropout(0.1),  # [10]
            nn.Linear(10, 10),  # [10]
        )
