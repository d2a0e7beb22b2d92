"""onnxruntime computes what convolutional and vision transformers compute."""

from __future__ import annotations

import onnxruntime
import pytest
import torch
from torch import nn

import archspec
from archspec.backends.torch.export import to_onnx
from archspec.spec import Spec
from specs import spec as spec_of

from .test_facts import PREFIX
from .test_outputs import assert_close

# Each op of the vision transformers, with windows that do not fit the image.
OPS = """\
net:
  - conv(8, k=2, s=2) -> [8, 8, 6]
  - partition(2) | relative_attention(4) | unpartition
  - partition(2, grid=true) | relative_attention(4) | unpartition
  - permute(0, 2, 3, 1) | ln -> [8, 6, 8]
  - window_attention(2, window=4, shift=2)
  - window_attention_v2(2, window=4, shift=2)
  - space_to_depth(2) | space_to_depth(2) -> [2, 2, 128]
  - permute(0, 3, 1, 2) | layer_scale(0.5)
  - tokens | image(2, 2) | tokens -> [4, 128]
  - class_token | position_embedding | attention(4)
  - linear(24) | dot_product_attention(2, keys=4) -> [5, 16]
  - select(0) | linear(3)
"""


def randomize_vectors(model: nn.Module) -> None:
    """Biases, scales and statistics at random; what has more axes is so when it is new.

    They are near 1, so that no depth of layers amplifies rounding errors.
    """
    for tensor in [*model.parameters(), *model.buffers()]:
        if tensor.is_floating_point() and tensor.numel() == max(tensor.shape):
            nn.init.uniform_(tensor, 0.5, 1.5)


def assert_exported(spec: Spec) -> None:
    """The ONNX file computes what the network does, for one image and for three."""
    torch.manual_seed(0)
    model = archspec.compile(spec).eval()
    randomize_vectors(model)
    session = onnxruntime.InferenceSession(to_onnx(model, spec.graph))
    generator = torch.Generator().manual_seed(1)
    for batch in (1, 3):
        x = torch.randn(batch, *spec.input_shape, generator=generator)
        (found,) = session.run(["output"], {"input": x.numpy()})
        with torch.no_grad():
            assert_close(torch.from_numpy(found), model(x))


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_exports_the_ops_of_transformers() -> None:
    assert_exported(spec_of(OPS, input="3x16x12"))


@pytest.mark.zoo
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(
    "name",
    [
        "convnext_tiny", "efficientnet_b0", "efficientnet_v2_s", "maxvit_t", "swin_t",
        "swin_v2_t", "vit_b_32",
    ],
)  # fmt: skip
def test_exports_the_whole_network(name: str) -> None:
    assert_exported(archspec.load(f"{PREFIX}{name}"))
