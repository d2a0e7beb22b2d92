"""heads

Written by archspec VERSION from `heads`:
`archspec compile heads.yaml` makes it again.
"""

from torch import Tensor, nn


class Heads(nn.Module):
    """The network `heads`.

    In training mode the output is a tuple: the network's own, then `aux1`,
    `aux2`, `aux3`.

    Shape:
        [N, 3, 8, 8] -> [N, 5]
    """

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Conv2d(3, 8, kernel_size=3, padding=1)
        self.aux1 = nn.Sequential(nn.Flatten(), nn.Linear(512, 5))
        self.aux2 = nn.Sequential(nn.Flatten(), nn.Linear(512, 5))
        self.body = nn.Sequential(nn.ReLU(), nn.MaxPool2d(2))
        self.aux3 = nn.Sequential(nn.Flatten(), nn.Linear(128, 5))
        self.fc = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(8, 5))

    def forward(self, x: Tensor) -> Tensor | tuple[Tensor, ...]:
        x = self.stem(x)  # [8, 8, 8]
        if self.training:
            aux1 = self.aux1(x)
            aux2 = self.aux2(x)
        x = self.body(x)  # [8, 4, 4]
        if self.training:
            aux3 = self.aux3(x)
        x = self.fc(x)  # [5]
        if self.training:
            return x, aux1, aux2, aux3
        return x
