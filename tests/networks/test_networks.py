"""Bundled specs equal the networks that a person wrote from the same layer lists."""

from __future__ import annotations

import pytest
import torch
from torch import nn

import archspec

from .comparison import (
    Network,
    assert_equal,
    copy_in_order,
    gradients,
    randomize,
    settings_of,
    without_dropout,
)
from .lenet import LeNet
from .nin import NiN

NETWORKS = [
    Network("lenet", LeNet, 61_706, (1, 28, 28)),
    Network("nin", NiN, 1_992_166, (1, 224, 224), also=((1, 199, 131),)),
]

Pair = tuple[Network, nn.Module, nn.Module]


@pytest.fixture(params=NETWORKS, ids=lambda network: network.spec)
def pair(request: pytest.FixtureRequest) -> Pair:
    """A network: by hand, and compiled, with the same random weights."""
    network: Network = request.param
    theirs, ours = network.by_hand(), archspec.compile(network.spec)
    randomize(theirs)
    copy_in_order(theirs, ours)
    return network, ours, theirs


def images(size: tuple[int, ...]) -> torch.Tensor:
    return torch.randn(2, *size, generator=torch.Generator().manual_seed(1))


def test_parameters(pair: Pair) -> None:
    network, ours, theirs = pair
    spec = archspec.load(network.spec)
    assert spec.input_shape == network.input
    counts = [sum(p.numel() for p in model.parameters()) for model in (ours, theirs)]
    assert [*counts, spec.params] == [network.parameters] * 3


def test_outputs(pair: Pair) -> None:
    network, ours, theirs = pair
    with torch.no_grad():
        for size in (network.input, *network.also):
            x = images(size)
            assert_equal(ours.eval()(x), theirs.eval()(x))


def test_gradients_of_a_training_step(pair: Pair) -> None:
    network, ours, theirs = pair
    x, labels = images(network.input), torch.tensor([3, 7])
    found = gradients(without_dropout(ours), x, labels)
    expected = gradients(without_dropout(theirs), x, labels)
    assert len(expected) == len(list(theirs.parameters()))
    for our_gradient, their_gradient in zip(found, expected, strict=True):
        assert_equal(our_gradient, their_gradient)


def test_settings(pair: Pair) -> None:
    """Eps, momentum, dropout rates and ceil modes, which outputs may not show."""
    network, ours, theirs = pair
    x = images(network.input)
    assert settings_of(ours, x) == settings_of(theirs, x)


@pytest.mark.parametrize("network", NETWORKS, ids=lambda network: network.spec)
def test_settings_see_a_change(network: Network) -> None:
    """The test of settings can fail."""
    model = archspec.compile(network.spec)
    x = images(network.input)
    before = settings_of(model, x)
    for module in model.modules():
        if isinstance(module, nn.Dropout):
            module.p += 0.1
        if isinstance(module, nn.AvgPool2d):
            module.ceil_mode = True
    assert settings_of(model, x) != before
