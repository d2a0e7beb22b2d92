"""Networks for CIFAR-10 by hand, with the structure of pytorch-cifar's."""
# mypy: no-warn-return-any

from __future__ import annotations

import torch
from torch import Tensor, nn
from torchvision.ops import StochasticDepth

from .layers import (
    Branches,
    Residual,
    basic_block,
    conv_bn,
    conv_bn_relu,
    pooled_linear,
)


class ShuffleUnit(nn.Module):
    """Half of the channels pass; at stride 2, all go through both sides."""

    def __init__(self, cin: int, cout: int, s: int) -> None:
        super().__init__()
        c = cout // 2
        self.left: nn.Module | None = None
        if s == 2:
            self.left = nn.Sequential(
                conv_bn(cin, cin, 3, s, cin), conv_bn_relu(cin, c)
            )
        self.right = nn.Sequential(
            conv_bn_relu(cin if s == 2 else c, c),
            conv_bn(c, c, 3, s, c),
            conv_bn_relu(c, c),
        )

    def forward(self, x: Tensor) -> Tensor:
        left, right = (self.left(x), x) if self.left else x.chunk(2, dim=1)
        x = torch.stack([left, self.right(right)], dim=2)  # the halves in alternation
        return x.flatten(1, 2)


class ShuffleNetV2(nn.Sequential):
    def __init__(self) -> None:
        super().__init__(conv_bn_relu(3, 24, 3))
        cin = 24
        for c, n in [(116, 3), (232, 7), (464, 3)]:
            self.append(ShuffleUnit(cin, c, s=2))
            self.extend([ShuffleUnit(c, c, s=1) for _ in range(n)])
            cin = c
        self.append(conv_bn_relu(464, 1024)).extend(pooled_linear(1024, 10))


class DualPathUnit(nn.Module):
    """The first `c` channels are added, as in ResNet; the rest grow, as in DenseNet."""

    def __init__(
        self, cin: int, width: int, c: int, dense: int, s: int, *, first: bool
    ):
        super().__init__()
        self.c = c
        self.path = nn.Sequential(
            conv_bn_relu(cin, width),
            conv_bn_relu(width, width, 3, s, 32),
            conv_bn(width, c + dense),
        )
        self.shortcut = conv_bn(cin, c + dense, s=s) if first else nn.Identity()

    def forward(self, x: Tensor) -> Tensor:
        x, y, c = self.shortcut(x), self.path(x), self.c
        return torch.cat([x[:, :c] + y[:, :c], x[:, c:], y[:, c:]], dim=1).relu()


class DPN26(nn.Sequential):
    def __init__(self) -> None:
        super().__init__(conv_bn_relu(3, 64, 3))
        cin = 64
        rows = [(96, 256, 16), (192, 512, 32), (384, 1024, 24), (768, 2048, 128)]
        for stage, (width, c, dense) in enumerate(rows):
            for i in range(2):
                s = 2 if stage > 0 and i == 0 else 1
                self.append(DualPathUnit(cin, width, c, dense, s, first=i == 0))
                cin = c + (i + 2) * dense
        self.extend(pooled_linear(cin, 10))


class Tree(nn.Module):
    """Smaller and smaller trees, two blocks, and a root that reads each of them."""

    def __init__(self, cin: int, cout: int, level: int, s: int = 1) -> None:
        super().__init__()
        self.before = basic_block(cin, cout, s) if level > 1 else None
        first = (
            Tree(cin, cout, level - 1, s) if level > 1 else basic_block(cin, cout, s)
        )
        smaller = [Tree(cout, cout, n) for n in range(level - 2, 0, -1)]
        blocks = [basic_block(cout, cout) for _ in range(2 if level > 1 else 1)]
        self.steps = nn.ModuleList([first, *smaller, *blocks])
        reads = len(self.steps) + (level > 1)
        self.root = conv_bn_relu(reads * cout, cout)

    def forward(self, x: Tensor) -> Tensor:
        outputs = [self.before(x)] if self.before else []
        for step in self.steps:
            x = step(x)
            outputs.append(x)
        return self.root(torch.cat(outputs, dim=1))


class SimpleTree(nn.Module):
    """Two halves in a row, and a root that reads both."""

    def __init__(self, cin: int, cout: int, level: int, s: int = 1) -> None:
        super().__init__()
        half = basic_block if level == 1 else SimpleTree
        rest = () if level == 1 else (level - 1,)
        self.left = half(cin, cout, *rest, s)
        self.right = half(cout, cout, *rest, 1)
        self.root = conv_bn_relu(2 * cout, cout)

    def forward(self, x: Tensor) -> Tensor:
        left = self.left(x)
        return self.root(torch.cat([left, self.right(left)], dim=1))


class DLA(nn.Sequential):
    def __init__(self, tree: type[Tree | SimpleTree] = Tree) -> None:
        super().__init__(
            conv_bn_relu(3, 16, 3),
            conv_bn_relu(16, 16, 3),
            conv_bn_relu(16, 32, 3),
            tree(32, 64, 1),
            tree(64, 128, 2, 2),
            tree(128, 256, 2, 2),
            tree(256, 512, 1, 2),
            *pooled_linear(512, 10),
        )


class Excited(nn.Module):
    """Squeeze-and-excitation, behind `before`."""

    def __init__(
        self, before: nn.Module, c: int, width: int, act: type[nn.Module] = nn.ReLU
    ) -> None:
        super().__init__()
        self.before = before
        self.gate = nn.Sequential(
            nn.AdaptiveAvgPool2d(1),
            nn.Conv2d(c, width, 1),
            act(),
            nn.Conv2d(width, c, 1),
            nn.Sigmoid(),
        )

    def forward(self, x: Tensor) -> Tensor:
        x = self.before(x)
        return x * self.gate(x)


def mb_conv(cin: int, cout: int, t: int, k: int, s: int, p: float) -> nn.Module:
    c = t * cin
    expand = [conv_bn(cin, c), nn.SiLU()] if t != 1 else []
    depthwise = conv_bn(c, c, k, s, c).append(nn.SiLU())
    path = nn.Sequential(
        *expand, Excited(depthwise, c, cin // 4, nn.SiLU), conv_bn(c, cout)
    )
    if s != 1 or cin != cout:
        return path
    path.append(StochasticDepth(p, "row"))
    return Residual(path, act=nn.Identity())


class EfficientNetB0(nn.Sequential):
    """Without the first expansion, which the original builds and does not call."""

    def __init__(self) -> None:
        super().__init__(conv_bn(3, 32, 3), nn.SiLU())
        rows = [
            (1, 16, 1, 3, 1), (6, 24, 2, 3, 2), (6, 40, 2, 5, 2), (6, 80, 3, 3, 2),
            (6, 112, 3, 5, 1), (6, 192, 4, 5, 2), (6, 320, 1, 3, 1),
        ]  # fmt: skip
        cin, before = 32, 0
        for t, c, n, k, s in rows:
            for i in range(n):
                p = 0.2 * (before + i) / 16
                self.append(mb_conv(cin, c, t, k, s if i == 0 else 1, p))
                cin = c
            before += n
        self.extend(
            [nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Dropout(0.2), nn.Linear(320, 10)]
        )


class PreActUnit(nn.Module):
    """A convolution on the shortcut reads what is activated; the identity does not."""

    def __init__(
        self, cin: int, cout: int, s: int = 1, *, p: float = 0, excite: int = 0
    ) -> None:
        super().__init__()
        self.pre = nn.Sequential(nn.BatchNorm2d(cin), nn.ReLU())
        self.path: nn.Module = nn.Sequential(
            nn.Conv2d(cin, cout, 3, s, 1, bias=False),
            nn.BatchNorm2d(cout),
            nn.ReLU(),
            nn.Dropout(p) if p else nn.Identity(),
            nn.Conv2d(cout, cout, 3, padding=1, bias=False),
        )
        if excite:
            self.path = Excited(self.path, cout, cout // excite)
        self.shortcut: nn.Module | None = None
        if s != 1 or cin != cout:
            self.shortcut = nn.Conv2d(cin, cout, 1, s, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        y = self.pre(x)
        return self.path(y) + (self.shortcut(y) if self.shortcut else x)


class PreActResNet18(nn.Sequential):
    def __init__(self) -> None:
        super().__init__(nn.Conv2d(3, 64, 3, padding=1, bias=False))
        cin = 64
        for c, s in [(64, 1), (128, 2), (256, 2), (512, 2)]:
            self.extend([PreActUnit(cin, c, s), PreActUnit(c, c)])
            cin = c
        self.extend(pooled_linear(512, 10))


class SENet18(nn.Sequential):
    def __init__(self) -> None:
        super().__init__(conv_bn_relu(3, 64, 3))
        cin = 64
        for c, s in [(64, 1), (128, 2), (256, 2), (512, 2)]:
            self.append(PreActUnit(cin, c, s, excite=16))
            self.append(PreActUnit(c, c, excite=16))
            cin = c
        self.extend(pooled_linear(512, 10))


class WideResNet28(nn.Sequential):
    def __init__(self, k: int = 10) -> None:
        super().__init__(nn.Conv2d(3, 16, 3, padding=1, bias=False))
        cin = 16
        for c, s in [(16 * k, 1), (32 * k, 2), (64 * k, 2)]:
            for i in range(4):
                self.append(PreActUnit(cin, c, s if i == 0 else 1, p=0.3))
                cin = c
        self.extend([nn.BatchNorm2d(cin), nn.ReLU(), *pooled_linear(cin, 10)])


class MobileNet(nn.Sequential):
    def __init__(self) -> None:
        super().__init__(conv_bn_relu(3, 32, 3))
        cin = 32
        strided = {128, 256, 512, 1024}
        for c in [64, 128, 128, 256, 256, *[512] * 6, 1024, 1024]:
            s = 2 if c in strided and c != cin else 1
            self.append(conv_bn_relu(cin, cin, 3, s, cin))
            self.append(conv_bn_relu(cin, c))
            cin = c
        self.extend(pooled_linear(1024, 10))


def biased(cin: int, cout: int, k: int = 1) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(cin, cout, k, padding=k // 2), nn.BatchNorm2d(cout), nn.ReLU()
    )


def inception(
    cin: int, c1: int, r3: int, c3: int, r5: int, c5: int, cp: int
) -> Branches:
    """Two convolutions of 3x3 take the place of that of 5x5."""
    return Branches(
        biased(cin, c1),
        nn.Sequential(biased(cin, r3), biased(r3, c3, 3)),
        nn.Sequential(biased(cin, r5), biased(r5, c5, 3), biased(c5, c5, 3)),
        nn.Sequential(nn.MaxPool2d(3, 1, 1), biased(cin, cp)),
    )


class GoogLeNet(nn.Sequential):
    def __init__(self) -> None:
        super().__init__(
            biased(3, 192, 3),
            inception(192, 64, 96, 128, 16, 32, 32),
            inception(256, 128, 128, 192, 32, 96, 64),
            nn.MaxPool2d(3, 2, 1),
            inception(480, 192, 96, 208, 16, 48, 64),
            inception(512, 160, 112, 224, 24, 64, 64),
            inception(512, 128, 128, 256, 24, 64, 64),
            inception(512, 112, 144, 288, 32, 64, 64),
            inception(528, 256, 160, 320, 32, 128, 128),
            nn.MaxPool2d(3, 2, 1),
            inception(832, 256, 160, 320, 32, 128, 128),
            inception(832, 384, 192, 384, 48, 128, 128),
            *pooled_linear(1024, 10),
        )
