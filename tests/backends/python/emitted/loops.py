"""loops

Written by archspec VERSION from `loops`:
`archspec compile loops.yaml` makes it again.
"""

from collections.abc import Callable

from torch import nn


class Unit(nn.Sequential):
    """Convolution, Identity.

    Shape:
        [N, in_channels, H, W] -> [N, out_channels, H, W]
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        *,
        act: Callable[..., nn.Module] = nn.ReLU,
    ) -> None:
        super().__init__(nn.Conv2d(in_channels, out_channels, kernel_size=1), act())


class Loops(nn.Sequential):
    """The network `loops`.

    Shape:
        [N, 3, 8, 8] -> [N, 2, 8, 8]
    """

    def __init__(self) -> None:
        blocks: list[nn.Module] = [
            Unit(3, 3, act=nn.Identity),  # [3, 8, 8]
        ]
        for _ in range(4):
            blocks.append(Unit(3, 3))  # [3, 8, 8]
        channels = 3
        for i in range(2):
            blocks.append(Unit(channels, 8 if i == 0 else 6))
            channels = 8 if i == 0 else 6
        for _ in range(3):
            blocks.append(Unit(channels, 4))  # [4, 8, 8]
            channels = 4
        for _ in range(3):
            blocks.append(Unit(channels, 2))  # [2, 8, 8]
            channels = 2
        super().__init__(*blocks)
