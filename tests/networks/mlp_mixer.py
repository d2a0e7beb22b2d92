"""MLP-Mixer by hand."""
# mypy: no-warn-return-any

from __future__ import annotations

from torch import Tensor, nn

SIZES = {
    "s": {"dim": 512, "token_dim": 256, "channel_dim": 2048, "depth": 8},
    "b": {"dim": 768, "token_dim": 384, "channel_dim": 3072, "depth": 12},
    "l": {"dim": 1024, "token_dim": 512, "channel_dim": 4096, "depth": 24},
}


def mlp(features: int, hidden: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Linear(features, hidden), nn.GELU(), nn.Linear(hidden, features)
    )


class MixerBlock(nn.Module):
    """Mix the tokens of each channel, then the channels of each token."""

    def __init__(self, tokens: int, dim: int, token_dim: int, channel_dim: int) -> None:
        super().__init__()
        self.norm1 = nn.LayerNorm(dim, eps=1e-6)
        self.mix_tokens = mlp(tokens, token_dim)
        self.norm2 = nn.LayerNorm(dim, eps=1e-6)
        self.mix_channels = mlp(dim, channel_dim)

    def forward(self, x: Tensor) -> Tensor:
        x = x + self.mix_tokens(self.norm1(x).transpose(1, 2)).transpose(1, 2)
        return x + self.mix_channels(self.norm2(x))


class MLPMixer(nn.Module):
    def __init__(
        self,
        *,
        patch: int,
        dim: int,
        token_dim: int,
        channel_dim: int,
        depth: int,
        image_size: int = 224,
        num_classes: int = 1000,
    ) -> None:
        super().__init__()
        tokens = (image_size // patch) ** 2
        self.embed = nn.Conv2d(3, dim, kernel_size=patch, stride=patch)
        self.blocks = nn.Sequential(
            *(MixerBlock(tokens, dim, token_dim, channel_dim) for _ in range(depth))
        )
        self.norm = nn.LayerNorm(dim, eps=1e-6)
        self.head = nn.Linear(dim, num_classes)

    def forward(self, x: Tensor) -> Tensor:
        x = self.embed(x).flatten(2).transpose(1, 2)
        x = self.norm(self.blocks(x))
        return self.head(x.mean(dim=1))
