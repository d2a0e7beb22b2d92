"""Frozen layers: which they are, and that training leaves them as they are."""

from __future__ import annotations

import copy
from pathlib import Path

import pytest
import torch
from torch import nn

import archspec
from archspec.runs.errors import TrainingError
from archspec.training.weights.freezing import freeze, train_mode

SPEC = """\
archspec: 1
input: 3x8x8
blocks:
  unit(cout, *, affine=true):
    - conv(cout, k=3) | bn(affine=affine)
    - relu | dropout(0.5)
net:
  - stem: unit(4)
  - unit(6, affine=false)
  - global_avgpool | flatten
  - fc: linear(5)
"""
STEM = ["stem.0.weight", "stem.0.bias", "stem.1.weight", "stem.1.bias"]
BIASES = ["stem.0.bias", "stem.1.bias", "1.0.bias", "fc.bias"]


@pytest.fixture
def model(tmp_path: Path) -> nn.Module:
    path = tmp_path / "small.yaml"
    path.write_text(SPEC)
    return archspec.compile(path)


@pytest.mark.parametrize(
    ("patterns", "expected"),
    [
        ([], []),
        (["stem"], STEM),
        (["stem.*"], STEM),
        (["stem.[01]"], STEM),
        (["s*", "1.0.bias"], [*STEM, "1.0.bias"]),
        (["stem.0", "stem"], STEM),
        (["*.bias"], BIASES),
        (["?c"], ["fc.weight", "fc.bias"]),
        (["1.1"], []),  # a norm without parameters: its statistics
    ],
)
def test_patterns_name_modules_and_weights(patterns, expected, model):
    frozen = freeze(model, patterns)
    assert list(frozen.parameters) == expected
    still = [name for name, p in model.named_parameters() if not p.requires_grad]
    assert still == expected


@pytest.mark.parametrize(
    ("patterns", "unchanged"),
    [
        ([], set()),
        (["stem"], {"stem.0", "stem.1"}),
        (["stem", "1"], {"stem.0", "stem.1", "1.0", "1.1"}),
        (["1.1"], {"1.1"}),
        (["stem.1.*"], {"stem.1"}),
        (["stem.1.running_*"], set()),  # parameters decide, where there are some
        (["stem.1.weight"], set()),
    ],
)
@pytest.mark.parametrize("wrap", [lambda model: model, nn.DataParallel])
def test_training_leaves_what_is_frozen(patterns, unchanged, wrap, model):
    before = copy.deepcopy(model.state_dict())
    frozen, wrapped = freeze(model, patterns), wrap(model)
    trained = [p for p in model.parameters() if p.requires_grad]
    optimizer = torch.optim.SGD(trained, lr=0.1, weight_decay=0.1)
    for _ in range(2):
        wrapped.eval()
        train_mode(wrapped, frozen)
        wrapped(torch.randn(4, 3, 8, 8)).square().sum().backward()
        optimizer.step()
    after = model.state_dict()
    layers = {name.rpartition(".")[0] for name in before}
    same = {
        layer
        for layer in layers
        if all(
            torch.equal(before[name], after[name])
            for name in before
            if name.rpartition(".")[0] == layer
        )
    }
    assert same == unchanged
    assert model.get_submodule("stem.3").training  # dropout has nothing to freeze


@pytest.mark.parametrize(
    ("patterns", "message"),
    [
        (["stm"], "`--freeze stm` matches no weights: did you mean `stem`"),
        (["stem", "fcc.*"], "`--freeze fcc.*` matches no weights: did you mean `fc`"),
        (["xyzzy"], "matches no weights: the network has `stem`, `1` and `fc`"),
        (["stem.2"], "`--freeze stem.2` matches no weights"),  # relu
        (["*"], "`--freeze` leaves nothing to train"),
        (["stem", "1", "fc"], "`--freeze` leaves nothing to train"),
    ],
)
def test_patterns_that_go_wrong(patterns, message, model):
    with pytest.raises(TrainingError) as caught:
        freeze(model, patterns)
    assert message in str(caught.value)
    assert all(p.requires_grad for p in model.parameters())
