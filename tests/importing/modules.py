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


class DoubleConv(nn.Module):
    """Two convolutions in an `nn.Sequential`."""

    def __init__(self, cin: int, cout: int) -> None:
        super().__init__()
        self.double_conv = nn.Sequential(
            nn.Conv2d(cin, cout, 3, padding=1, bias=False),
            nn.BatchNorm2d(cout),
            nn.ReLU(inplace=True),
            nn.Conv2d(cout, cout, 3, padding=1, bias=False),
            nn.BatchNorm2d(cout),
            nn.ReLU(inplace=True),
        )

    def forward(self, x: Tensor) -> Tensor:
        return self.double_conv(x)


class Up(nn.Module):
    """A module that takes a skip besides its input, and pads to its size."""

    def __init__(self, cin: int, cout: int) -> None:
        super().__init__()
        self.up = nn.ConvTranspose2d(cin, cin // 2, 2, stride=2)
        self.conv = DoubleConv(cin, cout)

    def forward(self, x1: Tensor, x2: Tensor) -> Tensor:
        x1 = self.up(x1)
        dy, dx = x2.size()[2] - x1.size()[2], x2.size()[3] - x1.size()[3]
        x1 = F.pad(x1, [dx // 2, dx - dx // 2, dy // 2, dy - dy // 2])
        return self.conv(torch.cat([x2, x1], dim=1))


class UNet(nn.Module):
    """A level as a module."""

    def __init__(self) -> None:
        super().__init__()
        self.inc = DoubleConv(3, 8)
        self.down1 = nn.Sequential(nn.MaxPool2d(2), DoubleConv(8, 16))
        self.down2 = nn.Sequential(nn.MaxPool2d(2), DoubleConv(16, 32))
        self.up1 = Up(32, 16)
        self.up2 = Up(16, 8)
        self.outc = nn.Conv2d(8, 2, 1)

    def forward(self, x: Tensor) -> Tensor:
        x1 = self.inc(x)
        x2 = self.down1(x1)
        x3 = self.down2(x2)
        x = self.up1(x3, x2)
        x = self.up2(x, x1)
        return self.outc(x)


class Down(nn.Module):
    def __init__(self, cin: int, cout: int) -> None:
        super().__init__()
        self.maxpool_conv = nn.Sequential(nn.MaxPool2d(2), DoubleConv(cin, cout))

    def forward(self, x: Tensor) -> Tensor:
        return self.maxpool_conv(x)


class DeepUNet(nn.Module):
    """So many levels that they become repeats."""

    def __init__(self) -> None:
        super().__init__()
        self.inc = DoubleConv(3, 4)
        self.down1, self.down2, self.down3 = Down(4, 8), Down(8, 16), Down(16, 32)
        self.up1, self.up2, self.up3 = Up(32, 16), Up(16, 8), Up(8, 4)
        self.outc = nn.Conv2d(4, 2, 1)

    def forward(self, x: Tensor) -> Tensor:
        x1 = self.inc(x)
        x2 = self.down1(x1)
        x3 = self.down2(x2)
        x = self.up1(self.down3(x3), x3)
        return self.outc(self.up3(self.up2(x, x2), x1))


class WidenedConv(nn.Module):
    """Two convolutions, of which the first may have another width."""

    def __init__(self, cin: int, cout: int, mid: int | None = None) -> None:
        super().__init__()
        mid = mid or cout
        self.double_conv = nn.Sequential(
            nn.Conv2d(cin, mid, 3, padding=1, bias=False),
            nn.BatchNorm2d(mid),
            nn.ReLU(inplace=True),
            nn.Conv2d(mid, cout, 3, padding=1, bias=False),
            nn.BatchNorm2d(cout),
            nn.ReLU(inplace=True),
        )

    def forward(self, x: Tensor) -> Tensor:
        return self.double_conv(x)


class WidenedDown(nn.Module):
    def __init__(self, cin: int, cout: int) -> None:
        super().__init__()
        self.maxpool_conv = nn.Sequential(nn.MaxPool2d(2), WidenedConv(cin, cout))

    def forward(self, x: Tensor) -> Tensor:
        return self.maxpool_conv(x)


class BilinearUp(Up):
    def __init__(self, cin: int, cout: int) -> None:
        super().__init__(cin, cout)
        self.up = nn.Upsample(scale_factor=2, mode="bilinear", align_corners=True)
        self.conv = WidenedConv(cin, cout, cin // 2)


class BilinearUNet(nn.Module):
    """Upsampling without weights, as in Pytorch-UNet by default."""

    def __init__(self) -> None:
        super().__init__()
        self.inc = WidenedConv(3, 8)
        self.down1, self.down2 = WidenedDown(8, 16), WidenedDown(16, 32)
        self.down3, self.down4 = WidenedDown(32, 64), WidenedDown(64, 64)
        self.up1, self.up2 = BilinearUp(128, 32), BilinearUp(64, 16)
        self.up3, self.up4 = BilinearUp(32, 8), BilinearUp(16, 8)
        self.outc = nn.Conv2d(8, 2, 1)

    def forward(self, x: Tensor) -> Tensor:
        x1 = self.inc(x)
        x2 = self.down1(x1)
        x3 = self.down2(x2)
        x4 = self.down3(x3)
        x = self.up1(self.down4(x4), x4)
        return self.outc(self.up4(self.up3(self.up2(x, x3), x2), x1))


class UNetOfLists(nn.Module):
    """Skips in a list, levels in `nn.ModuleList`s, of which one is read by index."""

    def __init__(self) -> None:
        super().__init__()
        self.downs = nn.ModuleList([DoubleConv(3, 8), DoubleConv(8, 16)])
        self.pool = nn.MaxPool2d(2)
        self.bottleneck = DoubleConv(16, 32)
        self.ups = nn.ModuleList()
        for c in (16, 8):
            self.ups.append(nn.ConvTranspose2d(2 * c, c, 2, 2))
            self.ups.append(DoubleConv(2 * c, c))
        self.final = nn.Conv2d(8, 1, 1)

    def forward(self, x: Tensor) -> Tensor:
        skips = []
        for down in self.downs:
            x = down(x)
            skips.append(x)
            x = self.pool(x)
        x = self.bottleneck(x)
        for i in range(0, len(self.ups), 2):
            x = self.ups[i](x)
            x = torch.cat((skips[-1 - i // 2], x), dim=1)
            x = self.ups[i + 1](x)
        return self.final(x)


class FlatUNet(nn.Module):
    """All levels in one `forward`."""

    def __init__(self) -> None:
        super().__init__()
        self.enc1 = nn.Conv2d(3, 8, 3, padding=1)
        self.enc2 = nn.Conv2d(8, 16, 3, padding=1)
        self.mid = nn.Conv2d(16, 32, 3, padding=1)
        self.up2 = nn.ConvTranspose2d(32, 16, 2, 2)
        self.dec2 = nn.Conv2d(32, 16, 3, padding=1)
        self.dec1 = nn.Conv2d(24, 1, 1)

    def forward(self, x: Tensor) -> Tensor:
        e1 = F.relu(self.enc1(x))
        e2 = F.relu(self.enc2(F.max_pool2d(e1, 2)))
        x = self.mid(F.max_pool2d(e2, 2))
        x = self.dec2(torch.cat([self.up2(x), e2], 1))
        x = F.interpolate(x, scale_factor=2, mode="bilinear", align_corners=True)
        return torch.sigmoid(self.dec1(torch.cat([x, e1], 1)))


class Encoder(nn.Module):
    """Two heads that are outputs."""

    def __init__(self) -> None:
        super().__init__()
        self.fc1 = nn.Linear(64, 32)
        self.mean = nn.Linear(32, 8)
        self.log_variance = nn.Linear(32, 8)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        x = F.relu(self.fc1(x))
        return self.mean(x), self.log_variance(x)


class Fusion(nn.Module):
    """Two inputs."""

    def __init__(self) -> None:
        super().__init__()
        self.colour = nn.Conv2d(3, 8, 3, padding=1)
        self.depth = nn.Conv2d(1, 8, 3, padding=1)
        self.fc = nn.Linear(8, 4)

    def forward(self, image: Tensor, depth: Tensor) -> Tensor:
        x = F.relu(self.colour(image)) + F.relu(self.depth(depth))
        return self.fc(x.mean(dim=(2, 3)))


class C2f(nn.Module):
    """Chunks, and a join of what each step of a loop made, as in YOLOv8."""

    def __init__(self) -> None:
        super().__init__()
        self.cv1 = nn.Conv2d(3, 16, 1)
        self.m = nn.ModuleList(nn.Conv2d(8, 8, 3, padding=1) for _ in range(2))
        self.cv2 = nn.Conv2d(32, 8, 1)

    def forward(self, x: Tensor) -> Tensor:
        y = list(self.cv1(x).chunk(2, 1))
        y.extend(m(y[-1]) for m in self.m)
        return self.cv2(torch.cat(y, 1))


class Spp(nn.Module):
    """One pool, several times."""

    def __init__(self) -> None:
        super().__init__()
        self.cv1 = nn.Conv2d(3, 8, 1)
        self.m = nn.MaxPool2d(5, 1, 2)
        self.cv2 = nn.Conv2d(32, 8, 1)

    def forward(self, x: Tensor) -> Tensor:
        x = self.cv1(x)
        y1 = self.m(x)
        y2 = self.m(y1)
        return self.cv2(torch.cat((x, y1, y2, self.m(y2)), 1))


class Pyramid(nn.Module):
    """Three outputs at three scales, and skips into a `ModuleList`."""

    def __init__(self) -> None:
        super().__init__()
        self.c1 = nn.Conv2d(3, 8, 3, 2, 1)
        self.c2 = nn.Conv2d(8, 16, 3, 2, 1)
        self.lateral = nn.ModuleList([nn.Conv2d(16, 8, 1), nn.Conv2d(8, 8, 1)])

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        c1 = F.relu(self.c1(x))
        c2 = F.relu(self.c2(c1))
        p2 = self.lateral[0](c2)
        p1 = self.lateral[1](c1) + F.interpolate(p2, size=c1.shape[2:], mode="nearest")
        return p1, p2


class Mixer(nn.Module):
    """Tokens, their features as tokens, and a mean over them."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 16, 4, 4)
        self.norm = nn.LayerNorm(16)
        self.mix = nn.Sequential(nn.Linear(64, 32), nn.GELU(), nn.Linear(32, 64))
        self.head = nn.Linear(16, 10)

    def forward(self, x: Tensor) -> Tensor:
        x = self.conv(x).flatten(2).transpose(1, 2)
        x = x + self.mix(self.norm(x).transpose(1, 2)).transpose(1, 2)
        return self.head(x.mean(dim=1))


class MixerOfConvolutions(Mixer):
    """A convolution whose channels are the tokens."""

    def __init__(self) -> None:
        super().__init__()
        self.mix = nn.Sequential(nn.Conv1d(64, 32, 1), nn.GELU(), nn.Conv1d(32, 64, 1))

    def forward(self, x: Tensor) -> Tensor:
        x = self.conv(x).flatten(2).transpose(1, 2)
        x = x + self.mix(self.norm(x))
        return self.head(x.mean(dim=1))


class DropPath(nn.Module):
    """Stochastic depth as it is written by hand."""

    def __init__(self, drop_prob: float) -> None:
        super().__init__()
        self.drop_prob = drop_prob

    def forward(self, x: Tensor) -> Tensor:
        if self.drop_prob == 0 or not self.training:
            return x
        keep_prob = 1 - self.drop_prob
        mask = x.new_empty((x.shape[0],) + (1,) * (x.ndim - 1)).bernoulli_(keep_prob)
        return x.div(keep_prob) * mask


class StochasticNet(nn.Module):
    """Residual branches that training drops, the first never."""

    def __init__(self) -> None:
        super().__init__()
        self.convs = nn.ModuleList(nn.Conv2d(3, 3, 3, padding=1) for _ in range(3))
        self.drops = [DropPath(rate) for rate in (0.0, 0.1, 0.2)]

    def forward(self, x: Tensor) -> Tensor:
        for conv, drop in zip(self.convs, self.drops, strict=True):
            x = x + drop.train(self.training)(conv(x))
        return x


class SequenceEncoder(nn.Module):
    """Torch's encoder of tokens, whose positions are learned."""

    def __init__(self) -> None:
        super().__init__()
        self.positions = nn.Parameter(torch.randn(1, 6, 8) / 10)
        layer = nn.TransformerEncoderLayer(8, 2, 16, batch_first=True)
        self.encoder = nn.TransformerEncoder(layer, 2)
        self.fc = nn.Linear(8, 3)

    def forward(self, x: Tensor) -> Tensor:
        return self.fc(self.encoder(x + self.positions).mean(1))


class Generator(nn.Module):
    """A vector to an image."""

    def __init__(self) -> None:
        super().__init__()
        self.fc = nn.Linear(100, 8 * 4 * 4)
        self.up = nn.ConvTranspose2d(8, 3, 4, 2, 1)

    def forward(self, z: Tensor) -> Tensor:
        return torch.tanh(self.up(F.relu(self.fc(z)).view(-1, 8, 4, 4)))


class Gate(nn.Module):
    """Squeeze and excite by functions and slices, dropout by a function, constants."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 8, 3, padding=1)
        self.fc1 = nn.Linear(8, 4)
        self.fc2 = nn.Linear(4, 8)
        self.fc = nn.Linear(8 * 16, 5)

    def forward(self, x: Tensor) -> Tensor:
        x = F.leaky_relu(self.conv(x), 0.2)
        w = F.adaptive_avg_pool2d(x, 1).view(x.size(0), -1)
        w = torch.sigmoid(self.fc2(F.relu(self.fc1(w))))
        x = F.adaptive_avg_pool2d(x * w[:, :, None, None].expand_as(x), (4, 4))
        x = F.dropout(x, 0.2, training=self.training)
        return 1 - self.fc(x.reshape(x.shape[0], -1)) / 2


class PointNet(nn.Module):
    """The largest values of all points are classified."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv1d(3, 8, 1)
        self.fc = nn.Linear(16, 5)

    def forward(self, x: Tensor) -> Tensor:
        x = torch.max(self.conv(x), self.conv(x) / 2)
        return self.fc(torch.cat([torch.max(x, 2)[0], x.amax(dim=2)], 1))


class Siamese(nn.Module):
    """One set of weights for two inputs."""

    def __init__(self) -> None:
        super().__init__()
        self.cnn = nn.Sequential(nn.Conv2d(1, 8, 3), nn.ReLU(), nn.AdaptiveAvgPool2d(1))
        self.fc = nn.Linear(16, 1)

    def forward(self, a: Tensor, b: Tensor) -> Tensor:
        x = torch.cat((self.cnn(a), self.cnn(b)), 1).flatten(1)
        return torch.sigmoid(self.fc(x))


class Normalized(nn.Module):
    """Constants: a buffer that is not saved, a tensor, numbers."""

    def __init__(self) -> None:
        super().__init__()
        mean = torch.tensor([0.485, 0.456, 0.406]).view(1, 3, 1, 1)
        self.register_buffer("mean", mean, persistent=False)
        self.std = torch.tensor([0.25, 0.5, 0.125]).view(3, 1, 1)
        self.conv = nn.Conv2d(3, 4, 3)

    def forward(self, x: Tensor) -> Tensor:
        return self.conv((x - self.mean) / self.std) * 0.5 + 1


class JointAttention(nn.Module):
    """Queries, keys and values from one layer, spelled out as in timm."""

    def __init__(self, dim: int, heads: int, drop: float = 0.0) -> None:
        super().__init__()
        self.heads = heads
        self.qkv = nn.Linear(dim, 3 * dim)
        self.drop = nn.Dropout(drop)
        self.proj = nn.Linear(dim, dim)

    def forward(self, x: Tensor) -> Tensor:
        b, n, c = x.shape
        qkv = self.qkv(x).reshape(b, n, 3, self.heads, c // self.heads)
        q, k, v = qkv.permute(2, 0, 3, 1, 4).unbind(0)
        q = q * (c // self.heads) ** -0.5
        weights = self.drop((q @ k.transpose(-2, -1)).softmax(dim=-1))
        return self.proj((weights @ v).transpose(1, 2).reshape(b, n, c))


class FusedAttention(JointAttention):
    """The same with torch's function."""

    def forward(self, x: Tensor) -> Tensor:
        b, n, c = x.shape
        parts = self.qkv(x).chunk(3, dim=-1)
        q, k, v = (each.view(b, n, self.heads, -1).transpose(1, 2) for each in parts)
        drop = self.drop.p if self.training else 0.0
        x = F.scaled_dot_product_attention(q, k, v, dropout_p=drop)
        return self.proj(x.transpose(1, 2).contiguous().view(b, n, c))


class SeparateAttention(nn.Module):
    """Queries, keys and values from a layer each."""

    def __init__(self, dim: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.query, self.key = nn.Linear(dim, dim), nn.Linear(dim, dim)
        self.value, self.out = nn.Linear(dim, dim), nn.Linear(dim, dim)

    def forward(self, x: Tensor) -> Tensor:
        b, n, c = x.shape
        q, k, v = (
            layer(x).reshape(b, n, self.heads, c // self.heads).permute(0, 2, 1, 3)
            for layer in (self.query, self.key, self.value)
        )
        scores = torch.matmul(q, k.transpose(-1, -2)) / (c // self.heads) ** 0.5
        x = torch.matmul(torch.softmax(scores, dim=-1), v)
        return self.out(x.permute(0, 2, 1, 3).flatten(2))


class Transformer(nn.Module):
    """Patches, a class token and positions, and attention."""

    attention: type[nn.Module]

    def __init__(self) -> None:
        super().__init__()
        self.cls = nn.Parameter(torch.zeros(1, 1, 16))
        self.pos = nn.Parameter(torch.randn(1, 17, 16))
        self.patch = nn.Conv2d(3, 16, 8, 8)
        self.norm = nn.LayerNorm(16)
        self.attn = self.attention(16, 4)
        self.scale = nn.Parameter(torch.full((16,), 0.1))
        self.head = nn.Linear(16, 10)

    def forward(self, x: Tensor) -> Tensor:
        x = self.patch(x).flatten(2).transpose(1, 2)
        x = torch.cat((self.cls.expand(x.shape[0], -1, -1), x), dim=1) + self.pos
        x = x + self.scale * self.attn(self.norm(x))
        return self.head(x[:, 0])


class Joint(Transformer):
    attention = JointAttention


class Fused(Transformer):
    attention = FusedAttention


class Separate(Transformer):
    attention = SeparateAttention


class Hooked(nn.Module):
    """A layer whose hook changes its output."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 8, 1)
        self.conv.register_forward_hook(lambda _layer, _x, y: 2 * y)

    def forward(self, x: Tensor) -> Tensor:
        return torch.relu(self.conv(x))


class SpatialGate(nn.Module):
    """The mean and the largest of all channels at each position, as in CBAM."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(2, 1, 7, padding=3)

    def forward(self, x: Tensor) -> Tensor:
        mean = torch.mean(x, dim=1, keepdim=True)
        largest, _ = torch.max(x, dim=1, keepdim=True)
        return x * torch.sigmoid(self.conv(torch.cat([mean, largest], dim=1)))


class Twice(nn.Module):
    """The input as an output, and a value that is two of them."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 3, 1)

    def forward(self, x: Tensor) -> tuple[Tensor, ...]:
        y = self.conv(x)
        return x, y, y


class Detector(nn.Module):
    """Outputs by name."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Conv2d(3, 8, 3)
        self.box = nn.Conv2d(8, 4, 1)
        self.score = nn.Conv2d(8, 2, 1)

    def forward(self, x: Tensor) -> dict[str, Tensor]:
        x = F.relu(self.stem(x))
        return {"boxes": self.box(x), "scores": torch.sigmoid(self.score(x))}


class Critic(nn.Module):
    """One number for each image."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 8, 4, 2, 1)
        self.last = nn.Conv2d(8, 1, 16)

    def forward(self, x: Tensor) -> Tensor:
        return self.last(F.leaky_relu(self.conv(x), 0.2)).view(-1)


IMAGE = {"x": (3, 32, 32)}
MODULES = [  # each with the shapes of what it takes
    (LeNet, IMAGE),
    (PreActNet, IMAGE),
    (Loops, IMAGE),
    (UNet, IMAGE),
    (DeepUNet, IMAGE),
    (BilinearUNet, IMAGE),
    (UNetOfLists, IMAGE),
    (FlatUNet, IMAGE),
    (Encoder, {"x": (64,)}),
    (Fusion, {"image": (3, 16, 16), "depth": (1, 16, 16)}),
    (C2f, IMAGE),
    (Spp, IMAGE),
    (Pyramid, IMAGE),
    (Mixer, IMAGE),
    (MixerOfConvolutions, IMAGE),
    (StochasticNet, IMAGE),
    (SequenceEncoder, {"x": (6, 8)}),
    (Generator, {"z": (100,)}),
    (Gate, IMAGE),
    (PointNet, {"points": (3, 16)}),
    (Siamese, {"a": (1, 16, 16), "b": (1, 16, 16)}),
    (Normalized, IMAGE),
    (Joint, IMAGE),
    (Fused, IMAGE),
    (Separate, IMAGE),
    (Hooked, IMAGE),
    (Twice, IMAGE),
    (SpatialGate, IMAGE),
]
