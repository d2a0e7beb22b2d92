"""The networks of PyTorch's examples and tutorials, Caffe's, Keras' and kindle's."""
# mypy: no-warn-return-any

from __future__ import annotations

from itertools import pairwise

import torch
from torch import Tensor, nn
from torchvision.models import resnet18

from .layers import Branches, Residual, conv_bn_relu


class ESPCN(nn.Sequential):
    """super_resolution: three times the size, from channels."""

    def __init__(self) -> None:
        super().__init__(
            nn.Conv2d(1, 64, 5, padding=2),
            nn.ReLU(),
            nn.Conv2d(64, 64, 3, padding=1),
            nn.ReLU(),
            nn.Conv2d(64, 32, 3, padding=1),
            nn.ReLU(),
            nn.Conv2d(32, 9, 3, padding=1),
            nn.PixelShuffle(3),
        )


def reflected(cin: int, cout: int, k: int, s: int = 1) -> nn.Sequential:
    return nn.Sequential(nn.ReflectionPad2d(k // 2), nn.Conv2d(cin, cout, k, s))


def styled(cin: int, cout: int, k: int, s: int = 1) -> nn.Sequential:
    return reflected(cin, cout, k, s).append(nn.InstanceNorm2d(cout, affine=True))


class TransformerNet(nn.Sequential):
    """fast_neural_style."""

    def __init__(self) -> None:
        super().__init__()
        for cin, cout, k, s in [(3, 32, 9, 1), (32, 64, 3, 2), (64, 128, 3, 2)]:
            self.extend([styled(cin, cout, k, s), nn.ReLU()])
        for _ in range(5):
            path = [styled(128, 128, 3), nn.ReLU(), styled(128, 128, 3)]
            self.append(Residual(nn.Sequential(*path), act=nn.Identity()))
        for cin, cout in [(128, 64), (64, 32)]:
            self.extend([nn.Upsample(scale_factor=2), styled(cin, cout, 3), nn.ReLU()])
        self.append(reflected(32, 3, 9))


class VAE(nn.Module):
    """The decoder reads the mean: the noise of training is left out."""

    def __init__(self) -> None:
        super().__init__()
        self.encoder = nn.Linear(784, 400)
        self.mean = nn.Linear(400, 20)
        self.log_variance = nn.Linear(400, 20)
        self.decoder = nn.Sequential(
            nn.Linear(20, 400), nn.ReLU(), nn.Linear(400, 784), nn.Sigmoid()
        )

    def forward(self, x: Tensor) -> tuple[Tensor, ...]:
        h = self.encoder(x.flatten(1)).relu()
        mean = self.mean(h)
        return self.decoder(mean), mean, self.log_variance(h)


class Generator(nn.Sequential):
    """The generator of DCGAN."""

    def __init__(self) -> None:
        super().__init__(nn.Unflatten(1, (100, 1, 1)))
        cin = 100
        for cout, s, p in [(512, 1, 0), (256, 2, 1), (128, 2, 1), (64, 2, 1)]:
            self.extend(
                [
                    nn.ConvTranspose2d(cin, cout, 4, s, p, bias=False),
                    nn.BatchNorm2d(cout),
                    nn.ReLU(),
                ]
            )
            cin = cout
        self.extend([nn.ConvTranspose2d(64, 3, 4, 2, 1, bias=False), nn.Tanh()])


class MNISTNet(nn.Sequential):
    """PyTorch's ends in a log-softmax, that of Keras in a softmax."""

    def __init__(self, last: type[nn.Module] = nn.LogSoftmax) -> None:
        super().__init__(
            nn.Conv2d(1, 32, 3),
            nn.ReLU(),
            nn.Conv2d(32, 64, 3),
            nn.ReLU(),
            nn.MaxPool2d(2),
            nn.Dropout(0.25),
            nn.Flatten(),
            nn.Linear(9216, 128),
            nn.ReLU(),
            nn.Dropout(0.5),
            nn.Linear(128, 10),
            last(dim=1),
        )


class M5(nn.Sequential):
    """Sound (PyTorch's tutorial on speech commands)."""

    def __init__(self, classes: int = 35) -> None:
        super().__init__()
        for cin, cout, k, s in [
            (1, 32, 80, 16),
            (32, 32, 3, 1),
            (32, 64, 3, 1),
            (64, 64, 3, 1),
        ]:
            self.extend(
                [
                    nn.Conv1d(cin, cout, k, s),
                    nn.BatchNorm1d(cout),
                    nn.ReLU(),
                    nn.MaxPool1d(4),
                ]
            )
        self.extend(
            [
                nn.AdaptiveAvgPool1d(1),
                nn.Flatten(),
                nn.Linear(64, classes),
                nn.LogSoftmax(dim=1),
            ]
        )


class C3D(nn.Sequential):
    """Video: 3x3x3 convolutions (Tran et al., 2015), with norms and a pooled head."""

    def __init__(self) -> None:
        super().__init__()
        cin = 3
        for c, n, pool in [(64, 1, (1, 2, 2)), (128, 1, 2), (256, 2, 2), (512, 2, 2)]:
            for _ in range(n):
                self.extend(
                    [nn.Conv3d(cin, c, 3, padding=1), nn.BatchNorm3d(c), nn.ReLU()]
                )
                cin = c
            self.append(nn.MaxPool3d(pool))
        self.extend([nn.AdaptiveAvgPool3d(1), nn.Flatten(), nn.Linear(512, 101)])


class Cifar10Full(nn.Sequential):
    """Caffe's, with norms across channels: Caffe's look around in each channel."""

    def __init__(self) -> None:
        super().__init__(
            nn.Conv2d(3, 32, 5, padding=2),
            nn.MaxPool2d(3, 2, ceil_mode=True),
            nn.ReLU(),
            nn.LocalResponseNorm(3, alpha=5e-5),
            nn.Conv2d(32, 32, 5, padding=2),
            nn.ReLU(),
            nn.AvgPool2d(3, 2, ceil_mode=True),
            nn.LocalResponseNorm(3, alpha=5e-5),
            nn.Conv2d(32, 64, 5, padding=2),
            nn.ReLU(),
            nn.AvgPool2d(3, 2, ceil_mode=True),
            nn.Flatten(),
            nn.Linear(1024, 10),
        )


class LinearAutoencoder(nn.Sequential):
    def __init__(self) -> None:
        super().__init__(nn.Flatten())
        widths = [784, 128, 64, 12, 3, 12, 64, 128, 784]
        for cin, cout in pairwise(widths):
            self.extend([nn.Linear(cin, cout), nn.ReLU()])
        self[-1] = nn.Tanh()
        self.append(nn.Unflatten(1, (1, 28, 28)))


class ShowCase(nn.Module):
    """kindle's show case: two skips, a shortcut, an inception module, a softmax."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Sequential(conv_bn_relu(3, 8, 3), conv_bn_relu(8, 8, 3))
        self.low = nn.Sequential(
            nn.MaxPool2d(2),
            nn.Upsample(scale_factor=2),
            conv_bn_relu(8, 8, 3, 2),
            conv_bn_relu(8, 16),
            Residual(
                nn.Sequential(conv_bn_relu(16, 8), conv_bn_relu(8, 16, 3)),
                act=nn.Identity(),
            ),
        )
        self.high = nn.Sequential(
            conv_bn_relu(8, 8, 3, 2), *(conv_bn_relu(8, 8, 3) for _ in range(3))
        )
        self.trunk = nn.Sequential(
            conv_bn_relu(24, 32, 3, 1, 8),
            *(conv_bn_relu(32, 32, 3, 1, 32) for _ in range(2)),
            nn.AvgPool2d(3, 2, 1),
            Branches(
                conv_bn_relu(32, 24),
                nn.Sequential(conv_bn_relu(32, 8), conv_bn_relu(8, 24, 3)),
                nn.Sequential(nn.MaxPool2d(3, 1, 1), conv_bn_relu(32, 24)),
            ),
            nn.AdaptiveAvgPool2d(1),
            nn.Flatten(),
        )
        self.dense = nn.Sequential(
            nn.Linear(72, 1024), nn.ReLU(), nn.Linear(1024, 128), nn.ReLU()
        )
        self.head = nn.Sequential(nn.Linear(200, 10), nn.Softmax(dim=1))

    def forward(self, x: Tensor) -> Tensor:
        x = self.stem(x)
        low = self.low(x)
        x = self.trunk(torch.cat([self.high(x), low], dim=1))
        return self.head(torch.cat([self.dense(x), x], dim=1))


class Siamese(nn.Module):
    """siamese_network: torchvision's ResNet-18 for one channel, without its `fc`."""

    def __init__(self) -> None:
        super().__init__()
        self.trunk = resnet18()
        self.trunk.conv1 = nn.Conv2d(1, 64, 7, stride=2, padding=3, bias=False)
        self.trunk.fc = nn.Identity()
        self.fc = nn.Sequential(nn.Linear(1024, 256), nn.ReLU(), nn.Linear(256, 1))
        self.sigmoid = nn.Sigmoid()

    def forward(self, left: Tensor, right: Tensor) -> Tensor:
        features = torch.cat([self.trunk(left), self.trunk(right)], 1)
        return self.sigmoid(self.fc(features))
