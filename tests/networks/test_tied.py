"""Layers that run twice, and labels across groups, beside the same network by hand."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn.functional import interpolate, relu, tanh

import archspec
from corpus import FOLDER

from .comparison import assert_equal, randomize


def by_hand(layer: nn.Module, x: Tensor) -> Tensor:
    """`tied_layers.yaml` as functions of the layers that the network has."""

    def run(path: str, x: Tensor) -> Tensor:
        return layer.get_submodule(path)(x)  # type: ignore[no-any-return]

    def enc(x: Tensor) -> tuple[Tensor, Tensor]:
        a = run("enc.a", x)
        c, d = b_start(a * scale)
        return run("enc.b.e", d) * factor + a + c, d

    def b_start(x: Tensor) -> tuple[Tensor, Tensor]:
        return relu(x), interpolate(relu(x), stem.shape[2:], mode="bilinear")

    def many(x: Tensor) -> Tensor:
        first = relu(run("many.0", x))
        second = relu(run("many.2", first))
        return run("many.4", torch.cat([x, first, second], 1))

    def unit(path: str, x: Tensor) -> Tensor:
        scale = layer.get_parameter(f"{path}.scale")
        x = run(f"{path}.body", relu(run(f"{path}.body", x))) * scale
        return run(f"{path}.conv1", x + x * scale)

    def last(x: Tensor) -> Tensor:
        x = unit("last.unit1", x)
        return run("last.conv1", tanh(x) + relu(x))

    scale = layer.get_parameter("enc.scale")
    factor = layer.get_parameter("enc.b.fac-tor")
    stem = relu(run("stem.0", x))
    x, d = enc(stem)
    enc2, _ = enc(x)
    small = run("enc.a", nn.functional.max_pool2d(enc2, 2))
    x = run("enc.b.e", b_start(small)[1]) * factor
    x = run("enc.b.e", run("low.conv1", run("enc.a", x + d + enc2)))
    x = x * scale + x * factor
    for name in ("m0", "m1"):
        m = run(name, x)
        x = run(name, tanh(m)) + m
    x = many(nn.functional.max_pool2d(many(x), 2))
    x = last(last(unit("unit1", x)))
    return run("linear1", x.mean((2, 3)))


def test_a_person_writes_the_same() -> None:
    spec = archspec.load(FOLDER / "tied_layers.yaml")
    network = archspec.compile(spec).eval()
    randomize(network)
    assert spec.params == sum(p.numel() for p in network.parameters())
    assert len(spec.layers) < len([*spec.graph.nodes])
    x = torch.randn(2, 3, 16, 16)
    with torch.no_grad():
        assert_equal(network(x), by_hand(network, x))
