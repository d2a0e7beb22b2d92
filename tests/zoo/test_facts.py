"""Each of torchvision's 80 classifiers has a spec that is equal in what needs no values."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
import torch
from tests.networks.comparison import macs_of
from torch import nn

import archspec
from archspec.catalog import bundled, variants
from second_cases import rest_slow

from .torchvision_models import NAMES, on_meta

PREFIX = "torchvision/"
FIRST = [
    variants(path)[0] for name, path in bundled().items() if name.startswith(PREFIX)
][::2]

# What outputs in eval mode do not show, by the name of a layer's class.
TELLING = {
    "BatchNorm2d": ("bn", "eps", "momentum"),
    "LayerNorm": ("ln", "eps"),
    "LayerNorm2d": ("ln", "eps"),  # torchvision's
    "ChannelNorm": ("ln", "eps"),  # ours
    "Dropout": ("dropout", "p"),
    "StochasticDepth": ("stochastic depth", "p"),
}
POOL = ("kernel_size", "stride", "ceil_mode")


def shapes(model: nn.Module) -> dict[str, tuple[int, ...]]:
    """The state dict without its values, by sorted keys."""
    state = sorted(model.state_dict().items())
    return {key: tuple(tensor.shape) for key, tensor in state}


def watched(model: nn.Module) -> tuple[list[Any], Counter[Any]]:
    """What `model` will fill when it runs: the telling settings, and those of max pools."""
    found: list[Any] = []
    pools: Counter[Any] = Counter()

    def note(module: nn.Module, *_: Any) -> None:
        name = type(module).__name__
        if name in TELLING:
            kind, *names = TELLING[name]
            values = (round(getattr(module, each), 9) for each in names)
            found.append((kind, *values))
        elif isinstance(module, nn.MaxPool2d):
            pools[tuple(getattr(module, each) for each in POOL)] += 1

    for module in model.modules():
        module.register_forward_hook(note)
    return found, pools


@pytest.fixture
def free_norms(monkeypatch: pytest.MonkeyPatch) -> None:
    """On the meta device a batch norm, which changes no shape, takes half the time."""
    monkeypatch.setattr(nn.functional, "batch_norm", lambda x, *_: x)


def test_there_are_eighty() -> None:
    found = {name: path for name, path in bundled().items() if name.startswith(PREFIX)}
    assert len(found) <= 17
    assert sorted(v for path in found.values() for v in variants(path)) == sorted(NAMES)
    assert len(NAMES) == 80


@pytest.mark.usefixtures("free_norms")
@pytest.mark.parametrize("name", rest_slow(NAMES, FIRST))
def test_equals_torchvision(name: str) -> None:
    spec = archspec.load(f"{PREFIX}{name}")
    with torch.device("meta"):
        ours = archspec.compile(spec)
    theirs = on_meta(name)
    assert shapes(ours) == shapes(theirs)
    assert spec.params == sum(p.numel() for p in theirs.parameters())
    our_settings, our_pools = watched(ours)
    their_settings, their_pools = watched(theirs)
    heads = sum(node.macs for head in spec.graph.heads for node in head.nodes)
    assert spec.macs - heads == macs_of(theirs, spec.input_shape)
    with torch.no_grad():
        ours.eval()(torch.zeros(1, *spec.input_shape, device="meta"))
    assert our_settings
    assert our_settings == their_settings
    assert their_pools <= our_pools  # some of torchvision's pools are functions
