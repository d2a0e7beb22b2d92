"""Checkpoints that were written when layers in bodies with joins had numbers."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

import archspec
from archspec.runs.errors import TrainingError
from archspec.training.results.trained_model import load_trained_model
from archspec.training.weights.loading import load_weights
from archspec.training.weights.weight_files import read_weights
from tiny_runs import Outcome

from .made import train_tiny
from .runs import assert_same_weights

SPEC = """\
archspec: 1
name: tiny
input: 1x8x8
params: {classes: 10}
blocks:
  unit(cout):
    - add:
        - conv(cout, k=3, p=1) | bn | relu | conv(cout, k=3, p=1)
        - conv(cout, k=1)
    - relu
net:
  - unit(4)
  - head: flatten | linear(classes)
train: {data: digits, epochs: 1, ema: 0.9, optimizer: "sgd(lr=0.05, momentum=0.9)"}
"""
EARLIER = {"conv1": "0", "bn1": "1", "conv2": "3", "conv3": "4"}

State = dict[str, Tensor]


def earlier(state: State) -> State:
    """The weights under the names that they had."""
    found = {}
    for name, weight in state.items():
        level, layer, own = name.split(".")
        found[".".join([level, EARLIER.get(layer, layer), own])] = weight
    return found


def rewrite(run: Path, change: Callable[[State], State]) -> None:
    """Change the names of the weights in all checkpoints of a run."""
    for path in run.glob("*.pt"):
        checkpoint: dict[str, Any] = torch.load(path, weights_only=True)
        for part in ("model", "ema"):
            checkpoint[part] = change(checkpoint[part])
        torch.save(checkpoint, path)


@pytest.fixture(scope="module")
def present(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of this version."""
    return train_tiny(tmp_path_factory.mktemp("present"), SPEC)


@pytest.fixture
def run(present: Path, tmp_path: Path) -> Path:
    """The run, as an earlier version has written it."""
    copied = shutil.copytree(present, tmp_path / "earlier")
    rewrite(copied, earlier)
    assert "0.3.weight" in torch.load(copied / "best.pt", weights_only=True)["ema"]
    return copied


def test_is_evaluated(present: Path, run: Path) -> None:
    before, after = (load_trained_model(path).model for path in (present, run))
    torch.testing.assert_close(after.state_dict(), before.state_dict(), rtol=0, atol=0)


def test_resumes(
    present: Path, run: Path, tmp_path: Path, command: Callable[..., Outcome]
) -> None:
    other = shutil.copytree(present, tmp_path / "present")
    for path in (run, other):
        assert command("train", "--resume", path, "--epochs", 2).code == 0
    assert_same_weights(run, other)


def test_its_weights_load(present: Path, run: Path) -> None:
    """In a network of other classes too, and with the names of a spec that it lacks."""
    spec = archspec.load(run / "spec.yaml", classes=5)
    model = archspec.compile(spec)
    report = load_weights(model, spec, run, adapt=True)
    assert [weight.name for weight in report.new_head] == [
        "head.1.weight",
        "head.1.bias",
    ]
    expected = torch.load(present / "best.pt", weights_only=True)["ema"]
    assert torch.equal(model.state_dict()["0.conv2.weight"], expected["0.conv2.weight"])


def test_other_shapes_are_refused(run: Path) -> None:
    rewrite(
        run, lambda state: {name: each.unsqueeze(0) for name, each in state.items()}
    )
    with pytest.raises(TrainingError, match="do not match its spec"):
        load_trained_model(run)


def test_a_spec_that_has_errors_now_renames_nothing(run: Path) -> None:
    path = run / "best.pt"
    checkpoint = torch.load(path, weights_only=True)
    torch.save(checkpoint | {"spec": SPEC.replace("flatten", "flaten")}, path)
    assert read_weights(run).weights.keys() == checkpoint["ema"].keys()


def test_no_file_is_written_outside(run: Path) -> None:
    """The imports in a checkpoint of somebody else are checked first."""
    path = run / "best.pt"
    checkpoint = torch.load(path, weights_only=True)
    outside = run / "outside.yaml"
    torch.save(checkpoint | {"imports": {str(outside): "x"}}, path)
    assert read_weights(run).weights.keys() == checkpoint["ema"].keys()
    assert not outside.exists()
