"""A small GoogLeNet with its two auxiliary classifiers, against one by hand."""
# mypy: no-warn-return-any

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy
from torch.utils.flop_counter import FlopCounterMode

import archspec
import specs
from archspec.passes.summarize import summarize
from archspec.spec import Spec

from .comparison import (
    assert_equal,
    images,
    macs_of,
    parameters_of,
    settings_of,
    with_equal_weights,
    without_dropout,
)
from .googlenet import Inception, conv_relu, half_size

SPEC = """
archspec: 1
name: small_googlenet
input: 3x64x64
params: {classes: 7, aux: true}
blocks:
  head(n):
    - avgpool(5, s=3) | conv(8, k=1) | relu | flatten
    - linear(32) | relu | dropout(0.7) | linear(n)
net:
  - conv(8, k=7, s=2, p=3) | relu | maxpool(3, s=2, p=1)
  - inception(8, (6, 8), (2, 4), 4) -> [24, 16, 16]
  - if: aux
    then: {aux: {aux1: head(classes)}}
  - inception(12, (6, 8), (2, 4), 4)
  - inception(8, (8, 12), (2, 4), 4) -> [28, 16, 16]
  - if: aux
    then:
      - if: classes > 1
        then: [aux: {aux2: head(classes)}]
  - maxpool(3, s=2, p=1)
  - inception(16, (8, 16), (4, 8), 8) -> [48, 8, 8]
  - global_avgpool | dropout(0.4) | flatten | linear(classes) -> [classes]
"""


class Classifier(nn.Sequential):
    def __init__(self, in_channels: int, num_classes: int) -> None:
        super().__init__(
            nn.AvgPool2d(5, stride=3),
            conv_relu(in_channels, 8, 1),
            nn.Flatten(),
            nn.Linear(8 * 4 * 4, 32),
            nn.ReLU(),
            nn.Dropout(0.7),
            nn.Linear(32, num_classes),
        )


class SmallGoogLeNet(nn.Module):
    def __init__(self, num_classes: int = 7) -> None:
        super().__init__()
        self.stem = nn.Sequential(conv_relu(3, 8, 7, stride=2), half_size())
        self.a = Inception(8, 8, (6, 8), (2, 4), 4)
        self.aux1 = Classifier(24, num_classes)
        self.b = Inception(24, 12, (6, 8), (2, 4), 4)
        self.c = Inception(28, 8, (8, 12), (2, 4), 4)
        self.aux2 = Classifier(28, num_classes)
        self.pool = half_size()
        self.d = Inception(28, 16, (8, 16), (4, 8), 8)
        self.dropout = nn.Dropout(0.4)
        self.fc = nn.Linear(48, num_classes)

    def forward(self, x: Tensor) -> Tensor | tuple[Tensor, Tensor, Tensor]:
        a = self.a(self.stem(x))
        one = self.aux1(a) if self.training else None
        c = self.c(self.b(a))
        two = self.aux2(c) if self.training else None
        d = self.d(self.pool(c)).mean((2, 3), keepdim=True)
        logits = self.fc(self.dropout(d).flatten(1))
        return logits if one is None or two is None else (logits, one, two)


@pytest.fixture
def spec() -> Spec:
    return specs.spec(SPEC)


@pytest.fixture
def pair(spec: Spec) -> tuple[nn.Module, nn.Module]:
    """Compiled, and by hand, with the same random weights."""
    return with_equal_weights(lambda: archspec.compile(spec), SmallGoogLeNet)


def test_outputs_in_evaluation(pair: tuple[nn.Module, nn.Module]) -> None:
    """A tensor, and nothing of a head runs."""
    ours, theirs = pair
    for head in ("aux1", "aux2"):
        ours.get_submodule(head).register_forward_hook(
            lambda *_: pytest.fail("a head runs")
        )
    x = images((3, 64, 64))
    assert_equal(ours.eval()(x), theirs.eval()(x))


def test_outputs_in_training(pair: tuple[nn.Module, nn.Module]) -> None:
    """A tuple, the network's own output first; with one seed, the same is dropped."""
    ours, theirs = pair
    x = images((3, 64, 64))
    torch.manual_seed(2)
    expected = theirs.train()(x)
    torch.manual_seed(2)
    found = ours.train()(x)
    assert type(found) is tuple
    assert len(found) == 3
    for our_output, their_output in zip(found, expected, strict=True):
        assert_equal(our_output, their_output)


def test_gradients(pair: tuple[nn.Module, nn.Module]) -> None:
    """Of every weight, those of heads too."""
    x, labels = images((3, 64, 64)), torch.tensor([3, 5])
    found, expected = (_gradients(without_dropout(model), x, labels) for model in pair)
    for our_gradient, their_gradient in zip(found, expected, strict=True):
        assert_equal(our_gradient, their_gradient)


def _gradients(model: nn.Module, x: Tensor, labels: Tensor) -> tuple[Tensor, ...]:
    logits, *heads = (cross_entropy(output, labels) for output in model(x))
    return torch.autograd.grad(logits + 0.3 * sum(heads), list(model.parameters()))


def test_settings(pair: tuple[nn.Module, nn.Module]) -> None:
    ours, theirs = pair
    x = images((3, 64, 64))
    assert settings_of(ours, x) == settings_of(theirs, x)


def test_names_in_the_state_dict(spec: Spec) -> None:
    """In both modes; without heads the other names stay as they are."""
    names = list(archspec.compile(spec).train().state_dict())
    assert list(archspec.compile(spec).eval().state_dict()) == names
    assert {n.split(".")[0] for n in names if n.startswith("aux")} == {"aux1", "aux2"}
    without = specs.spec(SPEC, params={"aux": False})
    others = [name for name in names if not name.startswith("aux")]
    assert list(archspec.compile(without).state_dict()) == others
    assert isinstance(archspec.compile(without), nn.Sequential)


def test_costs_of_training_and_of_inference(spec: Spec) -> None:
    """Torch counts in training what the totals say, and in evaluation no heads."""
    with torch.device("meta"):
        ours, theirs = archspec.compile(spec), SmallGoogLeNet()
    assert parameters_of(theirs) == spec.params
    in_training = []
    for model in (ours, theirs):
        with FlopCounterMode(display=False) as counter:
            model.train()(torch.empty(1, 3, 64, 64, device="meta"))
        in_training.append(counter.get_total_flops() // 2)
    assert in_training == [spec.macs] * 2
    heads = sum(node.macs for head in spec.graph.heads for node in head.nodes)
    assert macs_of(ours, (3, 64, 64)) == spec.macs - heads > 0
    rows = list(summarize(spec.graph, spec.document.source))
    assert sum(row.macs for row in rows) == spec.macs
    of_heads = [row for row in rows if row.path.startswith("aux")]
    assert sum(row.macs for row in of_heads) == heads > 0
    assert {row.live_bytes for row in of_heads} == {0}
