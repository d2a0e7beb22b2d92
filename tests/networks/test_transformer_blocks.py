"""The library's blocks of transformers equal torchvision's, and one by hand."""

from __future__ import annotations

from functools import partial

import torch
from torch import Tensor, nn
from torchvision.models.vision_transformer import EncoderBlock

import archspec
from specs import spec

from .comparison import randomize

NORM = partial(nn.LayerNorm, eps=1e-6)


class AttentionBlock(nn.Module):
    def __init__(self, channels: int, heads: int) -> None:
        super().__init__()
        self.norm = NORM(channels)
        self.attention = nn.MultiheadAttention(channels, heads, batch_first=True)

    def forward(self, x: Tensor) -> Tensor:
        y = self.norm(x)
        return x + self.attention(y, y, y)[0]


def assert_keys_and_outputs_are_equal(call: str, theirs: nn.Module) -> None:
    ours = archspec.compile(
        spec(f"net:\n  - tokens\n  - block: {call}\n", input="8x3x4")
    )
    randomize(theirs)
    state = {f"block.{name}": value for name, value in theirs.state_dict().items()}
    ours.load_state_dict(state)
    images = torch.randn(2, 8, 3, 4, generator=torch.Generator().manual_seed(1))
    tokens = images.flatten(2).transpose(1, 2)
    torch.testing.assert_close(ours.eval()(images), theirs.eval()(tokens))


def test_encoder_block() -> None:
    theirs = EncoderBlock(2, 8, 32, 0.0, 0.0, NORM)
    assert_keys_and_outputs_are_equal("encoder_block(2)", theirs)


def test_encoder_block_of_another_width() -> None:
    theirs = EncoderBlock(4, 8, 24, 0.1, 0.0, NORM)
    assert_keys_and_outputs_are_equal("encoder_block(4, width=24, p=0.1)", theirs)


def test_attention_block() -> None:
    assert_keys_and_outputs_are_equal("attention_block(4)", AttentionBlock(8, 4))
