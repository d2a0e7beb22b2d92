"""What several of the hand-written networks are made of."""
# mypy: no-warn-return-any

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor, nn


def conv_bn(
    cin: int, cout: int, k: int = 1, s: int = 1, g: int = 1, **norm: float
) -> nn.Sequential:
    """A convolution without bias that keeps the size at stride 1, and its norm."""
    return nn.Sequential(
        nn.Conv2d(cin, cout, k, s, k // 2, groups=g, bias=False),
        nn.BatchNorm2d(cout, **norm),
    )


def conv_bn_relu(
    cin: int, cout: int, k: int = 1, s: int = 1, g: int = 1
) -> nn.Sequential:
    return conv_bn(cin, cout, k, s, g).append(nn.ReLU())


class Residual(nn.Module):
    """A path plus a shortcut, and then `act`."""

    def __init__(
        self,
        path: nn.Module,
        shortcut: nn.Module | None = None,
        act: Callable[[Tensor], Tensor] = torch.relu,
    ) -> None:
        super().__init__()
        self.path = path
        self.shortcut = shortcut or nn.Identity()
        self.act = act

    def forward(self, x: Tensor) -> Tensor:
        return self.act(self.path(x) + self.shortcut(x))


def basic_block(cin: int, cout: int, s: int = 1) -> Residual:
    """The block of ResNet-18, without biases."""
    path = nn.Sequential(conv_bn_relu(cin, cout, 3, s), conv_bn(cout, cout, 3))
    changes = s != 1 or cin != cout
    return Residual(path, conv_bn(cin, cout, s=s) if changes else None)


class Branches(nn.Module):
    """Modules that read the same input, joined along the channels."""

    def __init__(self, *branches: nn.Module) -> None:
        super().__init__()
        self.branches = nn.ModuleList(branches)

    def forward(self, x: Tensor) -> Tensor:
        return torch.cat([branch(x) for branch in self.branches], dim=1)


def every_output(steps: Sequence[nn.Module], x: Tensor) -> list[Tensor]:
    """What goes in, and what each step makes of the one before."""
    outputs = [x]
    for step in steps:
        outputs.append(step(outputs[-1]))
    return outputs


def pooled_linear(cin: int, classes: int) -> list[nn.Module]:
    return [nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(cin, classes)]
