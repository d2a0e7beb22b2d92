"""Networks in the style of public code, by the input that they take."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812 - as everyone writes it


class LeNet(nn.Module):
    """Functional forms, as in the tutorials of PyTorch."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(3, 6, 5)
        self.conv2 = nn.Conv2d(6, 16, 5)
        self.fc1 = nn.Linear(16 * 5 * 5, 120)
        self.fc2 = nn.Linear(120, 10)

    def forward(self, x: Tensor) -> Tensor:
        x = F.max_pool2d(F.relu(self.conv1(x)), (2, 2))
        x = F.max_pool2d(F.relu(self.conv2(x)), 2)
        x = x.view(-1, self.num_flat_features(x))
        x = F.relu(self.fc1(x))
        return F.log_softmax(self.fc2(x), dim=1)

    def num_flat_features(self, x: Tensor) -> int:
        num_features = 1
        for size in x.size()[1:]:
            num_features *= size
        return num_features


class PreActBlock(nn.Module):
    """An in-place sum, and a shortcut that only some have."""

    def __init__(self, cin: int, cout: int, stride: int) -> None:
        super().__init__()
        self.bn1 = nn.BatchNorm2d(cin)
        self.conv1 = nn.Conv2d(cin, cout, 3, stride, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(cout)
        self.conv2 = nn.Conv2d(cout, cout, 3, 1, 1, bias=False)
        if stride != 1 or cin != cout:
            self.shortcut = nn.Sequential(nn.Conv2d(cin, cout, 1, stride, bias=False))

    def forward(self, x: Tensor) -> Tensor:
        out = F.relu(self.bn1(x))
        shortcut = self.shortcut(out) if hasattr(self, "shortcut") else x
        out = self.conv1(out)
        out = self.conv2(F.relu(self.bn2(out)))
        out += shortcut
        return out


class PreActNet(nn.Module):
    """Layers from a list, then a pool with the size of the map."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Conv2d(3, 8, 3, 1, 1, bias=False)
        layers = [PreActBlock(8, 8, 1), PreActBlock(8, 16, 2), PreActBlock(16, 16, 1)]
        self.layer1 = nn.Sequential(*layers)
        self.fc = nn.Linear(16, 10)

    def forward(self, x: Tensor) -> Tensor:
        out = self.layer1(self.stem(x))
        out = F.avg_pool2d(out, out.size(3))
        return self.fc(out.view(out.size(0), -1))


class Loops(nn.Module):
    """A `ModuleList` in a loop, and layers by `setattr`."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Conv2d(3, 8, 1)
        self.blocks = nn.ModuleList(nn.Conv2d(8, 8, 3, padding=1) for _ in range(3))
        for n in range(2):
            setattr(self, f"head{n}", nn.Linear(8, 8))

    def forward(self, x: Tensor) -> Tensor:
        x = self.stem(x)
        for block in self.blocks:
            x = torch.tanh(block(x)) + x
        x = x.mean([2, 3])
        for n in range(2):
            x = getattr(self, f"head{n}")(x)
        return x


IMAGE = {"x": (3, 32, 32)}
MODULES = [(LeNet, IMAGE), (PreActNet, IMAGE), (Loops, IMAGE)]
