"""comments

Written by archspec VERSION from `comments`:
`archspec compile comments.yaml` makes it again.
"""

from torch import Tensor, nn


class Two(nn.Module):
    """Two of them.

    Shape:
        [N, in_channels, H, W] -> [N, c, H, W]
    """

    def __init__(self, in_channels: int, c: int) -> None:
        super().__init__()
        # the first, which is larger
        self.conv1 = nn.Conv2d(in_channels, c, kernel_size=3, padding=1)
        self.relu = nn.ReLU()
        self.conv2 = nn.Conv2d(c, c, kernel_size=1)
        # bent
        self.bn1 = nn.BatchNorm2d(c)
        self.tanh = nn.Tanh()

    def forward(self, x: Tensor) -> Tensor:
        x = self.relu(self.conv1(x))
        x = self.conv2(x)
        x = x + self.tanh(self.bn1(x))
        return x


class Comments(nn.Sequential):
    """The network `comments`.

    Shape:
        [N, 3, 8, 8] -> [N, 4, 8, 8]
    """

    def __init__(self) -> None:
        layers: list[nn.Module] = [
            Two(3, 4),  # [4, 8, 8]
        ]
        # deeper and deeper
        for _ in range(4):
            layers.append(Two(4, 4))  # [4, 8, 8]
        layers += [
            nn.ReLU(),  # [4, 8, 8]
            # to the end
            nn.Tanh(),  # [4, 8, 8]
        ]
        super().__init__(*layers)
