"""Networks whose axes move, with tokens, windows, bare parameters and labels as inputs."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor
from torch.nn import functional
from torchvision.models import VisionTransformer

import archspec
from archspec.signatures.recipes import INITS, make_recipe
from archspec.training.initialization import initialize
from specs import spec

from .agreement import assert_agrees

TRANSFORMER = """
params: {d: 24, layers: 2, heads: 4}
blocks:
  encoder_block:
    - add:
        - - ln_1: ln(eps=1e-6)
          - self_attention: attention(heads)
          - dropout(0.0)
        - identity
    - add:
        - - ln_2: ln(eps=1e-6)
          - mlp: linear(4 * d) | gelu | dropout(0.0) | linear(d) | dropout(0.0)
        - identity
net:
  - conv_proj: conv(d, k=16, s=16)
  - tokens
  - class_token: class_token
  - encoder:
      - pos_embedding: position_embedding
      - dropout(0.0)
      - layers:
          repeat: {"encoder_layer_{i}": encoder_block}
          times: layers
      - ln: ln(eps=1e-6)
  - select(0)
  - heads: {head: linear(10)}
"""

MOVING = """
blocks:
  up(c):
    - low: conv(c, k=3, s=2)
    - conv(c, k=3, s=2) | resize_like(low) | layer_scale(1)
    - add: [ref(low), identity]
net:
  - stem: conv(8, k=3)
  - up(8)
  - up(6)
  - resize_like(stem) | crop_like(stem)
  - conv(8, k=3) | pad_like(stem) | layer_scale(0.1)
  - concat: [identity, ref(stem)]
  - conv(8, k=1) | resize((8, 8)) | partition(4, grid=true)
  - relative_attention(4) | unpartition
  - permute(0, 2, 3, 1) | window_attention(2, window=3, shift=1)
  - window_attention_v2(2, window=3, shift=1) | space_to_depth(2)
  - permute(0, 3, 1, 2) | pixel_shuffle(2) | affine((1, 2, 3, 4, 5, 6, 7, 8), 0.0)
  - pad((1, 0, 0, 1), mode=reflect) | ln | softmax -> [8, 9, 9]
  - tokens | transpose | linear(12) | transpose | permute(0, 2, 1) -> [8, 12]
  - concat: [identity, "conv(4, k=3, p=1) | bn | ln"]
  - chunk(2, 1) | maxpool(2) | flatten
"""


def weights(module: torch.nn.Module) -> int:
    return sum(parameter.numel() for parameter in module.parameters())


def test_vision_transformer_is_torchvisions() -> None:
    theirs = VisionTransformer(32, 16, 2, 4, 24, 96, num_classes=10).eval()
    for parameter in theirs.parameters():
        torch.nn.init.normal_(parameter, std=0.1)
    network = spec(TRANSFORMER, input="3x32x32")
    ours = archspec.compile(network).eval()
    ours.load_state_dict(theirs.state_dict(), strict=True)
    assert network.params == weights(theirs)
    x = torch.randn(2, 3, 32, 32)
    torch.testing.assert_close(ours(x), theirs(x))


def test_axes_move_and_labels_are_read() -> None:
    """Shapes, parameters and keys are those that archspec has inferred."""
    network = spec(MOVING, input="4x43x41")
    assert_agrees(network)
    bare = {node.path for node in network.layers if "layer_scale" in node.path}
    assert bare
    assert bare <= archspec.compile(network).state_dict().keys()


def test_a_bare_parameter_may_have_a_number_for_a_name() -> None:
    network = spec("net:\n  - conv(4, k=1) | layer_scale(0.5)\n", input="3x2x2")
    module = archspec.compile(network)
    assert [*module.state_dict()] == ["1", "0.weight", "0.bias"]
    x = torch.randn(2, 3, 2, 2)
    convolved = functional.conv2d(x, *module.get_submodule("0").parameters())
    torch.testing.assert_close(module(x), convolved / 2)


def test_layer_norm_of_a_permuted_image_is_over_its_channels() -> None:
    network = spec(
        "net:\n  - permute(0, 2, 3, 1) | ln | permute(0, 3, 1, 2)\n", input="96x56x28"
    )
    assert network.params == 2 * 96
    x = torch.randn(2, 96, 56, 28)

    def expected(image: Tensor) -> Tensor:
        last = functional.layer_norm(image.movedim(1, -1), (96,))
        return last.movedim(-1, 1)

    torch.testing.assert_close(archspec.compile(network)(x), expected(x))


@pytest.mark.parametrize("name", ["xavier_uniform", "kaiming_normal"])
def test_recipes_initialize_every_weight(name: str) -> None:
    network = spec(TRANSFORMER, input="3x32x32")
    module = archspec.compile(network)
    initialize(module, network.graph, make_recipe(INITS[name]))
    assert torch.equal(module.class_token, torch.zeros(1, 1, 24))


CHOICES = """
blocks:
  unit(c, *, scale):
    - skip: conv(c, k=3)
    - conv(c, k=3)
    - if: scale
      then: layer_scale(0.1)
      else: identity
    - if: scale
      then: resize_like(skip)
      else: pad_like(skip)
  mixed(last):
    - if: last
      then: permute(0, 2, 3, 1)
      else: identity
    - concat: [identity, relu]
    - ln
net:
  - unit(8, scale=true) | unit(4, scale=false)
  - mixed(false) | mixed(true)
"""


def test_calls_of_a_block_may_differ_in_axes_and_in_bare_parameters() -> None:
    network = spec(CHOICES, input="8x9x8")
    module = archspec.compile(network)
    y = module(torch.randn(2, 8, 9, 8))
    assert y.shape[1:] == network.output_shape == (5, 4, 16)
    assert weights(module) == network.params
