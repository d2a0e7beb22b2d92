"""a residual block whose shortcut is projected where the shape changes

Written by archspec VERSION from `residual_net`:
`archspec compile residual.yaml` makes it again.
"""

from torch import Tensor, nn


class Residual(nn.Module):
    """Two 3x3 convolutions, added to their input (He et al., 2015).

    Shape:
        [N, in_channels, H, W]
        -> [N, out_channels, ceil(H / stride), ceil(W / stride)]
    """

    def __init__(self, in_channels: int, out_channels: int, *, stride: int = 1) -> None:
        super().__init__()
        self.path = nn.Sequential(
            nn.Conv2d(
                in_channels, out_channels, kernel_size=3, stride=stride, padding=1
            ),
            nn.BatchNorm2d(out_channels),
            nn.ReLU(),
            nn.Conv2d(out_channels, out_channels, kernel_size=3, padding=1),
            nn.BatchNorm2d(out_channels),
        )
        self.shortcut: nn.Module = nn.Identity()
        if stride != 1 or in_channels != out_channels:
            self.shortcut = nn.Conv2d(
                in_channels, out_channels, kernel_size=1, stride=stride
            )
        self.act = nn.ReLU()

    def forward(self, x: Tensor) -> Tensor:
        x = self.act(self.path(x) + self.shortcut(x))
        return x


class ResidualNet(nn.Sequential):
    """A residual block whose shortcut is projected where the shape changes.

    Shape:
        [N, 3, 8, 8] -> [N, 6, 4, 4]
    """

    def __init__(self) -> None:
        super().__init__(
            Residual(3, 3),  # [3, 8, 8]
            Residual(3, 6, stride=2),  # [6, 4, 4]
        )
