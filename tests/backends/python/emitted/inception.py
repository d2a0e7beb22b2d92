"""inception_net

Written by archspec VERSION from `inception_net`:
`archspec compile inception.yaml` makes it again.
"""

import torch
from torch import Tensor, nn


class Inception(nn.Module):
    """GoogLeNet (Szegedy et al., 2014): four parallel paths, joined along the
    channels. c1 is the channels of the 1x1 path; r3 and r5 are those a 1x1
    convolution leaves before the 3x3 to c3 and the 5x5 to c5; cp is those after
    the pool.

    Shape:
        [N, in_channels, H, W] -> [N, c1 + c3 + c5 + cp, H, W]
    """

    def __init__(
        self, in_channels: int, c1: int, r3: int, c3: int, r5: int, c5: int, cp: int
    ) -> None:
        super().__init__()
        self.branch1 = nn.Sequential(
            nn.Conv2d(in_channels, c1, kernel_size=1),
            nn.ReLU(),
        )
        self.branch2 = nn.Sequential(
            nn.Conv2d(in_channels, r3, kernel_size=1),
            nn.ReLU(),
            nn.Conv2d(r3, c3, kernel_size=3, padding=1),
            nn.ReLU(),
        )
        self.branch3 = nn.Sequential(
            nn.Conv2d(in_channels, r5, kernel_size=1),
            nn.ReLU(),
            nn.Conv2d(r5, c5, kernel_size=5, padding=2),
            nn.ReLU(),
        )
        self.branch4 = nn.Sequential(
            nn.MaxPool2d(3, stride=1, padding=1),
            nn.Conv2d(in_channels, cp, kernel_size=1),
            nn.ReLU(),
        )

    def forward(self, x: Tensor) -> Tensor:
        return torch.cat(
            [self.branch1(x), self.branch2(x), self.branch3(x), self.branch4(x)], dim=1
        )


class InceptionNet(nn.Sequential):
    """The network `inception_net`.

    Shape:
        [N, 3, 8, 8] -> [N, 24, 8, 8]
    """

    def __init__(self) -> None:
        super().__init__(
            Inception(3, 4, r3=4, c3=8, r5=2, c5=4, cp=4),  # [20, 8, 8]
            Inception(20, 8, r3=4, c3=8, r5=2, c5=4, cp=4),  # [24, 8, 8]
        )
