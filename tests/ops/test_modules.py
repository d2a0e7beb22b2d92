"""What ops compute, where torch has no class of its own or the argument matters."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional
from torchvision.ops import StochasticDepth

from archspec.ir.shape import Shape
from archspec.ops.registry import OPS

from .torch_side import module_of

IMAGE = Shape((4, 6, 5), "CHW")


@pytest.fixture
def images() -> Tensor:
    return torch.randn(8, *IMAGE, generator=torch.Generator().manual_seed(0))


def test_affine(images: Tensor) -> None:
    y = module_of("affine", IMAGE, scale=-2, shift=0.5)(images)
    torch.testing.assert_close(y, 0.5 - 2 * images)


def test_tokens_are_positions_row_by_row(images: Tensor) -> None:
    y = module_of("tokens", IMAGE)(images)
    assert y.shape == (8, 30, 4)
    assert torch.equal(y[:, 7], images[:, :, 1, 2])  # 7 = 1 * 5 + 2


def test_permute(images: Tensor) -> None:
    y = module_of("permute", IMAGE, dims=(0, 2, 3, 1))(images)
    assert torch.equal(y[:, 1, 2], images[:, :, 1, 2])


@pytest.mark.parametrize("dim", [2, 3])
def test_mean(images: Tensor, dim: int) -> None:
    y = module_of("mean", IMAGE, dim=dim)(images)
    torch.testing.assert_close(y, images.sum(dim) / images.shape[dim])


def test_layer_norm_of_an_image_is_over_its_channels(images: Tensor) -> None:
    norm = module_of("ln", IMAGE, eps=1e-3)
    weight, bias = torch.randn(2, 4)
    norm.load_state_dict({"weight": weight, "bias": bias})
    mean = images.mean(1, keepdim=True)
    variance = images.var(1, correction=0, keepdim=True)
    expected = (images - mean) / (variance + 1e-3).sqrt()
    expected = expected * weight[:, None, None] + bias[:, None, None]
    torch.testing.assert_close(norm(images), expected)


@pytest.mark.parametrize("shape", [Shape((7,), "C"), Shape((5, 7), "LC")])
def test_layer_norm_of_features(shape: Shape) -> None:
    x = torch.randn(3, *shape)
    expected = functional.layer_norm(x, (7,), eps=1e-5)
    torch.testing.assert_close(module_of("ln", shape)(x), expected)


@pytest.mark.parametrize("mode", ["nearest", "bilinear", "bicubic"])
def test_upsample(images: Tensor, mode: str) -> None:
    y = module_of("upsample", IMAGE, scale_factor=(2, 3), mode=mode)(images)
    expected = functional.interpolate(images, size=(12, 15), mode=mode)
    torch.testing.assert_close(y, expected)


@pytest.mark.parametrize(
    ("name", "reduce"), [("avg", Tensor.mean), ("max", Tensor.amax)]
)
def test_adaptive_pools(images: Tensor, name: str, reduce: object) -> None:
    assert callable(reduce)
    whole = module_of(f"global_{name}pool", IMAGE)(images)
    torch.testing.assert_close(whole, reduce(images, (2, 3), keepdim=True))
    rows = module_of(f"adaptive_{name}pool", IMAGE, output_size=(2, 1))(images)
    torch.testing.assert_close(rows[:, :, 1, 0], reduce(images[:, :, 3:], (2, 3)))


@pytest.mark.parametrize("shape", [IMAGE, (5, 7), (7,)])
@pytest.mark.parametrize("p", [0.0, 0.25, 1.0])
def test_stochastic_depth_is_torchvisions(shape: tuple[int, ...], p: float) -> None:
    torch.manual_seed(0)
    x = torch.randn(64, *shape)
    ours, theirs = module_of("stochastic_depth", shape, p=p), StochasticDepth(p, "row")
    assert ours.training
    y = ours(x)
    dropped = (y == 0).flatten(1).all(1)
    torch.testing.assert_close(y[~dropped], x[~dropped] / max(1 - p, 1e-9))
    assert (0 < dropped.sum() < 64) == (0 < p < 1)
    assert dropped.all() == (p == 1)
    mean, expected = ours(torch.ones(20_000, 1)), theirs(torch.ones(20_000, 1))
    assert mean.mean().item() == pytest.approx(expected.mean().item(), abs=0.05)
    assert torch.equal(ours.eval()(x), x)


def test_dropout_rates() -> None:
    assert module_of("dropout", IMAGE, p=0.3).p == 0.3
    channel = module_of("dropout2d", IMAGE, p=0.5)(torch.ones(20, *IMAGE))
    assert set(channel.mean((2, 3)).flatten().tolist()) == {0.0, 2.0}


def test_batch_norm_follows_the_axes() -> None:
    assert type(module_of("bn", IMAGE)) is nn.BatchNorm2d
    norm = module_of("bn", Shape((7,), "C"), eps=1e-3, momentum=0.2, affine=False)
    assert type(norm) is nn.BatchNorm1d
    assert (norm.eps, norm.momentum, norm.affine) == (1e-3, 0.2, False)


ACTIVATIONS = {
    "relu": functional.relu,
    "relu6": functional.relu6,
    "celu": functional.celu,
    "softsign": functional.softsign,
    "hardtanh": functional.hardtanh,
    "logsigmoid": functional.logsigmoid,
    "softmax": lambda x: x.exp() / x.exp().sum(1, keepdim=True),
    "log_softmax": lambda x: x - x.exp().sum(1, keepdim=True).log(),
    "glu": lambda x: x[:, :2] * x[:, 2:].sigmoid(),
    "leaky_relu": functional.leaky_relu,
    "prelu": lambda x: functional.leaky_relu(x, 0.25),
    "elu": functional.elu,
    "selu": functional.selu,
    "gelu": functional.gelu,
    "silu": functional.silu,
    "mish": functional.mish,
    "sigmoid": torch.sigmoid,
    "tanh": torch.tanh,
    "softplus": functional.softplus,
    "hardswish": functional.hardswish,
    "hardsigmoid": functional.hardsigmoid,
    "affine": lambda x: 2 * x + 1,
}


@pytest.mark.parametrize(
    "name", sorted(n for n, op in OPS.items() if op.family == "activation")
)
def test_activations(images: Tensor, name: str) -> None:
    values = {"scale": 2, "shift": 1} if name == "affine" else {}
    y = module_of(name, IMAGE, **values)(images)
    torch.testing.assert_close(y, ACTIVATIONS[name](images))


def test_activation_arguments(images: Tensor) -> None:
    slope = module_of("leaky_relu", IMAGE, negative_slope=0.3)
    torch.testing.assert_close(slope(images), functional.leaky_relu(images, 0.3))
    fast = module_of("gelu", IMAGE, approximate="tanh")
    torch.testing.assert_close(
        fast(images), functional.gelu(images, approximate="tanh")
    )
    alpha = module_of("elu", IMAGE, alpha=0.5)
    torch.testing.assert_close(alpha(images), functional.elu(images, 0.5))
    learned = module_of("prelu", IMAGE, init=0.1)
    torch.testing.assert_close(learned(images), functional.leaky_relu(images, 0.1))
