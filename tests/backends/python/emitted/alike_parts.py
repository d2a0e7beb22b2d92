"""alike_parts

Written by archspec VERSION from `alike_parts`:
`archspec compile alike_parts.yaml` makes it again.
"""

from torch import Tensor, nn


class AlikePartsAC(nn.Module):
    """ReLU, convolution, dropout.

    Shape:
        [N, channels, H, W] -> [N, 5, H, W]
    """

    def __init__(
        self, *, channels: int, kernel_size: int, padding: int, p: float
    ) -> None:
        super().__init__()
        self.relu = nn.ReLU()
        self.add_module(
            "1", nn.Conv2d(channels, 5, kernel_size=kernel_size, padding=padding)
        )
        self.d = nn.Dropout(p)

    def forward(self, x: Tensor) -> Tensor:
        x = self.d(self.get_submodule("1")(self.relu(x)))
        return x


class AlikePartsA(nn.Module):
    """Convolution, ReLU, convolution, dropout.

    Shape:
        [N, channels, H, W] -> [N, 5, H, W]
    """

    def __init__(
        self, *, channels: int, channels2: int, kernel_size: int, padding: int, p: float
    ) -> None:
        super().__init__()
        self.b = nn.Conv2d(channels, channels2, kernel_size=1)
        self.c = AlikePartsAC(
            channels=channels2, kernel_size=kernel_size, padding=padding, p=p
        )

    def forward(self, x: Tensor) -> Tensor:
        x = self.b(x)
        x = self.c(x)
        return x


class AlikeParts(nn.Module):
    """The network `alike_parts`.

    Shape:
        [N, 3, 8, 8] -> [N, 5, 8, 8]
    """

    def __init__(self) -> None:
        super().__init__()
        self.a = AlikePartsA(channels=3, channels2=4, kernel_size=3, padding=1, p=0.1)
        self.e = AlikePartsA(channels=5, channels2=7, kernel_size=5, padding=2, p=0.2)

    def forward(self, x: Tensor) -> Tensor:
        x = self.a(x)  # [5, 8, 8]
        x = self.e(x)  # [5, 8, 8]
        return x
