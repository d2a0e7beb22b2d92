"""The bundled networks of torchvision compute what torchvision's do: `make zoo`."""

from __future__ import annotations

import pytest
import torch
from tests.networks.comparison import randomize
from torch import Tensor, nn

import archspec

from .test_facts import PREFIX
from .torchvision_models import NAMES, build

pytestmark = pytest.mark.zoo

ODD = (3, 240, 225)  # pools see maps of odd size
ONE_SIZE = ("vit_", "maxvit_")  # networks that take no other size

# The smallest network of each family.
SMALLEST = (
    "alexnet", "convnext_tiny", "densenet121", "efficientnet_b0", "googlenet",
    "inception_v3", "maxvit_t", "mnasnet0_5", "mobilenet_v2", "mobilenet_v3_small",
    "regnet_y_400mf", "resnet18", "shufflenet_v2_x0_5", "squeezenet1_1", "swin_t",
    "swin_v2_t", "vgg11_bn", "vit_b_32",
)  # fmt: skip


def pair(name: str) -> tuple[nn.Module, nn.Module]:
    """Our network and torchvision's, with the same random weights and statistics."""
    theirs = build(name)
    randomize(theirs)
    ours = archspec.compile(f"{PREFIX}{name}")
    ours.load_state_dict(theirs.state_dict())
    return ours, theirs


def assert_close(ours: Tensor, theirs: Tensor) -> None:
    """Equal to 1e-4 of the largest value."""
    assert ours.shape == theirs.shape
    scale = theirs.abs().max().item()
    assert 0 < scale < float("inf")
    assert (ours - theirs).abs().max().item() <= 1e-4 * scale


@pytest.mark.parametrize("name", NAMES)
def test_equal_outputs(name: str) -> None:
    ours, theirs = pair(name)
    sizes = [archspec.load(f"{PREFIX}{name}").input_shape]
    if not name.startswith(ONE_SIZE):
        sizes.append(ODD)
    generator = torch.Generator().manual_seed(1)
    for size in sizes:
        x = torch.randn(1, *size, generator=generator)
        with torch.no_grad():
            assert_close(ours.eval()(x), theirs.eval()(x))


@pytest.mark.parametrize("name", SMALLEST)
def test_equal_training(name: str) -> None:
    """One step with the same seed: equal loss, gradients and statistics."""
    ours, theirs = pair(name)
    x = torch.randn(2, *archspec.load(f"{PREFIX}{name}").input_shape)
    labels = torch.tensor([1, 7])
    losses = []
    for model in (ours.train(), theirs.train()):
        torch.manual_seed(3)
        out = model(x)
        # torchvision's GoogLeNet returns its heads in the reverse order.
        logits = out if isinstance(out, Tensor) else out[0]
        heads = () if isinstance(out, Tensor) else out[1:]
        loss = nn.functional.cross_entropy(logits, labels)
        for head in heads:
            loss = loss + 0.3 * nn.functional.cross_entropy(head, labels)
        loss.backward()
        losses.append(loss.detach())
    assert_close(losses[0], losses[1])
    expected = dict(theirs.named_parameters())
    largest = max(p.grad.abs().max().item() for p in expected.values())
    for key, parameter in ours.named_parameters():
        error = (parameter.grad - expected[key].grad).abs().max().item()
        assert error <= 1e-4 * largest, key
    for key, buffer in theirs.named_buffers():
        torch.testing.assert_close(ours.get_buffer(key), buffer, msg=key)
