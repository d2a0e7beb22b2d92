"""Bundled specs equal the networks that a person wrote from the same layer lists."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import pytest
import torch
from torch import nn

import archspec
from archspec.catalog import bundled, variants
from archspec.spec import Spec
from corpus import FIRST
from second_cases import rest_slow

from .alexnet import AlexNet
from .comparison import (
    Network,
    Size,
    assert_equal,
    gradients,
    images,
    macs_of,
    parameters_of,
    settings_of,
    with_equal_weights,
    without_dropout,
)
from .course_inception import CourseInception
from .course_residual import CourseResidual
from .densenet import DenseNet
from .googlenet import GoogLeNet
from .lenet import LeNet
from .mlp_mixer import SIZES, MLPMixer
from .nin import NiN
from .resnet18 import ResNet18
from .resunits import ResNet110
from .unet import UNet
from .vgg import VGG


def vgg(layers: int, parameters: int) -> Network:
    by_hand, odd = partial(VGG, layers), (1, 230, 225)
    return Network(
        f"vgg{layers}", by_hand, parameters, (1, 224, 224), also=(odd,), smaller={"width": 0.125}
    )  # fmt: skip


def resnet110(unit: str, parameters: int) -> Network:
    by_hand, odd = partial(ResNet110, unit), (3, 29, 27)
    return Network(
        unit, by_hand, parameters, (3, 32, 32), also=(odd,), smaller={"n": 3}
    )


def mixer(size: str, patch: int, parameters: int, **smaller: int) -> Network:
    by_hand = partial(MLPMixer, patch=patch, **SIZES[size])
    return Network(
        f"{size}{patch}", by_hand, parameters, (3, 224, 224), also=((3, 230, 225),), smaller=smaller
    )  # fmt: skip


# Other inputs are such that pools see maps of odd and of even size.
NETWORKS = [
    Network("lenet", LeNet, 61_706, (1, 28, 28), also=((1, 29, 29),)),
    Network("alexnet", AlexNet, 46_764_746, (1, 224, 224), also=((1, 222, 223),)),
    Network("alexnet_dropout2d", partial(AlexNet, channelwise=True), 46_764_746, (1, 224, 224)),
    vgg(11, 128_806_154),
    vgg(13, 128_990_666),
    vgg(16, 134_300_362),
    vgg(19, 139_610_058),
    Network("nin", NiN, 1_992_166, (1, 224, 224), also=((1, 199, 131),)),
    Network("googlenet", GoogLeNet, 5_977_530, (1, 96, 96), also=((1, 65, 97),)),
    Network("resnet18", ResNet18, 11_178_378, (1, 96, 96), also=((1, 65, 97),)),
    Network("densenet", DenseNet, 758_226, (1, 96, 96), also=((1, 90, 61),)),
    Network("course_inception", CourseInception, 97_298, (1, 28, 28), also=((1, 29, 30),)),
    Network("course_residual", CourseResidual, 41_514, (1, 28, 28), also=((1, 29, 30),)),
    resnet110("original", 1_727_962),
    resnet110("constant_scaling", 1_727_962),
    resnet110("exclusive_gating", 1_824_186),
    resnet110("shortcut_only_gating", 1_824_186),
    resnet110("conv_shortcut", 1_826_202),
    resnet110("dropout_shortcut", 1_727_962),
    resnet110("bn_after_addition", 1_727_962),
    resnet110("relu_before_addition", 1_727_962),
    resnet110("relu_only_preactivation", 1_727_962),
    resnet110("full_preactivation", 1_727_962),
    mixer("s", 32, 19_104_624, depth=2),
    mixer("s", 16, 18_528_264, depth=1),
    mixer("b", 32, 60_293_428, depth=1),
    mixer("b", 16, 59_880_472, depth=1, dim=64),
    mixer("l", 32, 206_939_264, depth=1),
    mixer("l", 16, 208_196_168, depth=1, dim=64),
    Network("unet", UNet, 31_037_698, (3, 256, 256), also=((3, 50, 37),), smaller={"width": 8, "classes": 10}),
]  # fmt: skip

KINDS = {*FIRST, "alexnet", "exclusive_gating", "full_preactivation", "s16"}
SORTED = rest_slow(NETWORKS, [n for n in NETWORKS if n.spec in KINDS])

Pair = tuple[Network, nn.Module, nn.Module]


def test_every_bundled_spec_is_compared() -> None:
    compared = {network.spec for network in NETWORKS}
    for name, path in bundled().items():
        if "/" in name:  # torchvision's, which `tests/zoo` compares
            continue
        assert compared.issuperset(variants(path) or [name])


@pytest.mark.parametrize("network", SORTED, ids=lambda network: network.spec)
def test_parameters_and_macs(network: Network) -> None:
    spec = archspec.load(network.spec)
    # On the meta device many batch norms, written in Python, take longer than numbers.
    with torch.device("meta" if spec.macs > 5e8 else "cpu"):
        ours, theirs = archspec.compile(spec), network.by_hand()
    assert spec.input_shape == network.input
    counts = [parameters_of(ours), parameters_of(theirs), spec.params]
    assert counts == [network.parameters] * 3
    macs = [macs_of(ours, network.input), macs_of(theirs, network.input)]
    assert macs == [spec.macs] * 2


@pytest.fixture(scope="module", params=SORTED, ids=lambda network: network.spec)
def pair(request: pytest.FixtureRequest) -> Pair:
    """A network: by hand, and compiled, with the same random weights."""
    network: Network = request.param
    spec = archspec.load(network.spec, **network.smaller)
    ours, theirs = with_equal_weights(
        lambda: archspec.compile(spec), lambda: network.by_hand(**network.smaller)
    )
    return network, ours, theirs


def test_outputs(pair: Pair) -> None:
    network, ours, theirs = pair
    with torch.no_grad():
        for size in (network.input, *network.also):
            x = images(size)
            expected = theirs.eval()(x)
            assert_equal(ours.eval()(x), expected)
            one, other = expected  # deep networks must not see all images as one
            assert (one - other).abs().max() > 1e-3 * expected.abs().max()


def test_gradients_of_a_training_step(pair: Pair) -> None:
    """And the statistics of batch norms, which the step updates."""
    network, ours, theirs = pair
    x, labels = images(network.input), torch.tensor([3, 7])
    found = gradients(without_dropout(ours), x, labels)
    expected = gradients(without_dropout(theirs), x, labels)
    # A bias that a norm takes out again has a gradient of rounding errors.
    noise = 0.01 * max(gradient.abs().max().item() for gradient in expected)
    for our_gradient, their_gradient in zip(found, expected, strict=True):
        assert_equal(our_gradient, their_gradient, least_scale=noise)
    for our_buffer, their_buffer in zip(ours.buffers(), theirs.buffers(), strict=True):
        assert_equal(our_buffer, their_buffer)


def test_settings(pair: Pair) -> None:
    """Eps, momentum, dropout rates and ceil modes, which outputs may not show."""
    network, ours, theirs = pair
    x = images(network.input)
    assert settings_of(ours, x) == settings_of(theirs, x)


def test_outputs_in_training(pair: Pair) -> None:
    """With the same seed, the same values are dropped."""
    network, ours, theirs = pair
    x = images(network.input)
    with torch.no_grad():
        torch.manual_seed(2)
        expected = theirs.train()(x)
        torch.manual_seed(2)
        assert_equal(ours.train()(x), expected)


def test_dropout2d_drops_whole_features() -> None:
    model = archspec.compile("alexnet_dropout2d").train()
    (layer,) = (m for m in model.modules() if isinstance(m, nn.Dropout2d))
    features = torch.ones(2, 4096)
    dropped = layer(features)
    assert dropped.shape == features.shape
    assert set(dropped.unique().tolist()) == {0.0, 2.0}
    assert dropped.mean().item() == pytest.approx(1, abs=0.1)
    assert not torch.equal(dropped[0], dropped[1])  # of each image by itself


def compare_outputs(spec: Spec, by_hand: Callable[[], nn.Module], size: Size) -> None:
    ours, theirs = with_equal_weights(lambda: archspec.compile(spec), by_hand)
    with torch.no_grad():
        assert_equal(ours.eval()(images(size)), theirs.eval()(images(size)))


@pytest.mark.slow
def test_vgg_at_full_width() -> None:
    compare_outputs(archspec.load("vgg11"), partial(VGG, 11), (1, 224, 224))


def test_mixer_takes_its_tokens_from_the_input() -> None:
    sizes = SIZES["s"] | {"depth": 2, "patch": 32, "image_size": 64}
    spec = archspec.load("s32", input="3x64x64", depth=2)
    compare_outputs(spec, partial(MLPMixer, **sizes), (3, 64, 64))
