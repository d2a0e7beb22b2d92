"""Darknet's and Ultralytics' networks by hand."""
# mypy: no-warn-return-any

from __future__ import annotations

import torch
from torch import Tensor, nn

from .layers import conv_bn, every_output, pooled_linear


def leaky(cin: int, cout: int, k: int) -> nn.Sequential:
    return conv_bn(cin, cout, k).append(nn.LeakyReLU(0.1))


class YOLOv3Tiny(nn.Module):
    def __init__(self, outputs: int = 255) -> None:
        super().__init__()
        self.trunk = nn.Sequential(leaky(3, 16, 3))
        for c in (16, 32, 64, 128):
            self.trunk.extend([nn.MaxPool2d(2), leaky(c, 2 * c, 3)])
        self.deep = nn.Sequential(
            nn.MaxPool2d(2),
            leaky(256, 512, 3),
            nn.ReplicationPad2d((0, 1, 0, 1)),  # as padding with -inf
            nn.MaxPool2d(2, stride=1),
            leaky(512, 1024, 3),
            leaky(1024, 256, 1),
        )
        self.large = nn.Sequential(leaky(256, 512, 3), nn.Conv2d(512, outputs, 1))
        self.up = nn.Sequential(leaky(256, 128, 1), nn.Upsample(scale_factor=2))
        self.small = nn.Sequential(leaky(384, 256, 3), nn.Conv2d(256, outputs, 1))

    def forward(self, x: Tensor) -> tuple[Tensor, ...]:
        x = self.trunk(x)
        deep = self.deep(x)
        return self.large(deep), self.small(torch.cat([self.up(deep), x], dim=1))


def conv_norm(cin: int, cout: int, k: int = 1, s: int = 1, g: int = 1) -> nn.Sequential:
    return conv_bn(cin, cout, k, s, g, eps=1e-3, momentum=0.03)


def cbs(cin: int, cout: int, k: int = 1, s: int = 1) -> nn.Sequential:
    return conv_norm(cin, cout, k, s).append(nn.SiLU())


class Bottleneck(nn.Module):
    def __init__(self, c: int, hidden: int, *, shortcut: bool = True) -> None:
        super().__init__()
        self.path = nn.Sequential(cbs(c, hidden, 3), cbs(hidden, c, 3))
        self.shortcut = shortcut

    def forward(self, x: Tensor) -> Tensor:
        return self.path(x) + x if self.shortcut else self.path(x)


class C3k(nn.Module):
    """Two bottlenecks of half the channels, beside a convolution."""

    def __init__(self, c: int) -> None:
        super().__init__()
        h = c // 2
        self.left = nn.Sequential(cbs(c, h), Bottleneck(h, h), Bottleneck(h, h))
        self.right = cbs(c, h)
        self.join = cbs(c, c)

    def forward(self, x: Tensor) -> Tensor:
        return self.join(torch.cat([self.left(x), self.right(x)], dim=1))


class C2f(nn.Module):
    """Halves, of which one goes through `steps`, and a join of every step's output."""

    def __init__(self, cin: int, cout: int, c: int, steps: list[nn.Module]) -> None:
        super().__init__()
        self.entry = cbs(cin, 2 * c)
        self.steps = nn.ModuleList(steps)
        self.exit = cbs((2 + len(steps)) * c, cout)

    def forward(self, x: Tensor) -> Tensor:
        left, right = self.entry(x).chunk(2, dim=1)
        return self.exit(torch.cat([left, *every_output(self.steps, right)], dim=1))


def c2f(cin: int, cout: int, n: int, *, shortcut: bool = True) -> C2f:
    c = cout // 2
    return C2f(cin, cout, c, [Bottleneck(c, c, shortcut=shortcut) for _ in range(n)])


def c3k2(cin: int, cout: int, *, wide: bool, e: float = 0.5) -> C2f:
    c = int(cout * e)
    return C2f(cin, cout, c, [C3k(c) if wide else Bottleneck(c, c // 2)])


class SPPF(nn.Module):
    """The same max pool three times, and a join of every step's output."""

    def __init__(self, c: int) -> None:
        super().__init__()
        self.entry = cbs(c, c // 2)
        self.pool = nn.MaxPool2d(5, 1, 2)
        self.exit = cbs(2 * c, c)

    def forward(self, x: Tensor) -> Tensor:
        return self.exit(torch.cat(every_output([self.pool] * 3, self.entry(x)), dim=1))


class PositionAttention(nn.Module):
    """Attention of positions to positions; keys have half the width of values.

    The channels are all queries, all keys, all values: the original has those of each
    head side by side, which is the same network with the channels in another order.
    """

    def __init__(self, c: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.qkv = conv_norm(c, 2 * c)
        self.position = conv_norm(c, c, 3, g=c)
        self.project = conv_norm(c, c)

    def forward(self, x: Tensor) -> Tensor:
        n, c, h, w = x.shape
        queries, keys, values = self.qkv(x).split([c // 2, c // 2, c], dim=1)
        q, k, v = (y.reshape(n, self.heads, -1, h * w) for y in (queries, keys, values))
        scores = q.transpose(2, 3) @ k / q.shape[2] ** 0.5
        y = (v @ scores.softmax(-1).transpose(2, 3)).reshape(n, c, h, w)
        return self.project(y + self.position(values))


class C2PSA(nn.Module):
    def __init__(self, cin: int) -> None:
        super().__init__()
        c = cin // 2
        self.entry = cbs(cin, cin)
        self.attention = PositionAttention(c, c // 64)
        self.mlp = nn.Sequential(cbs(c, 2 * c), conv_norm(2 * c, c))
        self.exit = cbs(cin, cin)

    def forward(self, x: Tensor) -> Tensor:
        left, right = self.entry(x).chunk(2, dim=1)
        right = right + self.attention(right)
        right = right + self.mlp(right)
        return self.exit(torch.cat([left, right], dim=1))


def classifier(c: int) -> list[nn.Module]:
    return [cbs(c, 1280), *pooled_linear(1280, 1000)]


def yolov8n_cls() -> nn.Sequential:
    trunk: list[nn.Module] = [cbs(3, 16, 3, 2)]
    for c, n in [(32, 1), (64, 2), (128, 2), (256, 1)]:
        trunk.extend([cbs(c // 2, c, 3, 2), c2f(c, c, n)])
    return nn.Sequential(*trunk, *classifier(256))


def yolo11n_cls() -> nn.Sequential:
    return nn.Sequential(
        cbs(3, 16, 3, 2),
        cbs(16, 32, 3, 2),
        c3k2(32, 64, wide=False, e=0.25),
        cbs(64, 64, 3, 2),
        c3k2(64, 128, wide=False, e=0.25),
        cbs(128, 128, 3, 2),
        c3k2(128, 128, wide=True),
        cbs(128, 256, 3, 2),
        c3k2(256, 256, wide=True),
        C2PSA(256),
        *classifier(256),
    )


class YOLOv8nTrunk(nn.Module):
    """The trunk and the neck, without the detection heads."""

    def __init__(self) -> None:
        super().__init__()
        self.to_b3 = nn.Sequential(
            cbs(3, 16, 3, 2), cbs(16, 32, 3, 2), c2f(32, 32, 1),
            cbs(32, 64, 3, 2), c2f(64, 64, 2),
        )  # fmt: skip
        self.to_b4 = nn.Sequential(cbs(64, 128, 3, 2), c2f(128, 128, 2))
        self.to_b5 = nn.Sequential(cbs(128, 256, 3, 2), c2f(256, 256, 1), SPPF(256))
        self.n4 = c2f(384, 128, 1, shortcut=False)
        self.p3 = c2f(192, 64, 1, shortcut=False)
        self.down3 = cbs(64, 64, 3, 2)
        self.p4 = c2f(192, 128, 1, shortcut=False)
        self.down4 = cbs(128, 128, 3, 2)
        self.p5 = c2f(384, 256, 1, shortcut=False)

    def forward(self, x: Tensor) -> tuple[Tensor, ...]:
        b3 = self.to_b3(x)
        b4 = self.to_b4(b3)
        b5 = self.to_b5(b4)
        n4 = self.n4(torch.cat([double_size(b5), b4], dim=1))
        p3 = self.p3(torch.cat([double_size(n4), b3], dim=1))
        p4 = self.p4(torch.cat([self.down3(p3), n4], dim=1))
        p5 = self.p5(torch.cat([self.down4(p4), b5], dim=1))
        return p3, p4, p5


def double_size(x: Tensor) -> Tensor:
    return nn.functional.interpolate(x, scale_factor=2.0)
