"""dense_block_net

Written by archspec VERSION from `dense_block_net`:
`archspec compile dense_block.yaml` makes it again.
"""

import torch
from torch import Tensor, nn


class DenseLayer(nn.Module):
    """DenseNet (Huang et al., 2016): a layer that adds `growth` channels to those it
    reads.

    Shape:
        [N, in_channels, H, W] -> [N, in_channels + growth, H, W]
    """

    def __init__(self, in_channels: int, growth: int) -> None:
        super().__init__()
        self.new = nn.Sequential(
            nn.BatchNorm2d(in_channels),
            nn.ReLU(),
            nn.Conv2d(in_channels, growth, kernel_size=3, padding=1),
        )

    def forward(self, x: Tensor) -> Tensor:
        return torch.cat([x, self.new(x)], dim=1)


class DenseBlock(nn.Sequential):
    """DenseNet (Huang et al., 2016): n layers, each of which reads all before it.

    Shape:
        [N, in_channels, H, W] -> [N, in_channels + n * growth, H, W]
    """

    def __init__(self, in_channels: int, n: int, growth: int) -> None:
        blocks: list[nn.Module] = []
        channels = in_channels
        for _ in range(n):
            blocks.append(DenseLayer(channels, growth))
            channels += growth
        super().__init__(*blocks)


class DenseBlockNet(nn.Sequential):
    """The network `dense_block_net`.

    Shape:
        [N, 3, 8, 8] -> [N, 43, 8, 8]
    """

    def __init__(self) -> None:
        super().__init__(
            DenseBlock(3, 4, growth=8),  # [35, 8, 8]
            DenseBlock(35, 2, growth=4),  # [43, 8, 8]
        )
