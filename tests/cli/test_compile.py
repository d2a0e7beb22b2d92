"""`archspec compile`: source on stdout or in a file, and exports with weights."""

from __future__ import annotations

import os
import pickle
import runpy
import sys

import onnxruntime
import pytest
import torch
from safetensors import safe_open
from safetensors.torch import load_file, save_file

import archspec as library
from archspec.training.checkpoint import Checkpoint, save_checkpoint

SPEC = """\
archspec: 1
input: 3x8x8
params: {width: 4}
net:
  - conv(width, k=3) | bn | relu
  - global_avgpool | flatten
  - fc: linear(5)
"""


@pytest.fixture
def spec(tmp_path):
    path = tmp_path / "small.yaml"
    path.write_text(SPEC)
    return path


@pytest.fixture
def model(spec):
    torch.manual_seed(0)
    module = library.compile(spec)
    module.train()(torch.randn(8, 3, 8, 8))  # the batch norm has seen something
    return module.eval()


@pytest.fixture
def state(model, tmp_path):
    path = tmp_path / "state.pt"
    torch.save(model.state_dict(), path)
    return path


IMAGES = torch.linspace(-1, 1, 3 * 3 * 8 * 8).reshape(3, 3, 8, 8)


# --- source --------------------------------------------------------------------------


def test_source_goes_to_stdout_or_into_a_file(archspec, spec, tmp_path):
    source = archspec("compile", spec).out
    assert source == library.to_source(spec)
    path = tmp_path / "small.py"
    for _ in range(2):  # what archspec has written it may write again
        outcome = archspec("compile", spec, "-o", path)
        assert outcome.code == 0
        assert outcome.out.startswith("wrote ")
        assert path.read_text().startswith(source)  # a checksum follows


def test_a_file_is_written_whole_or_not_at_all(archspec, spec, tmp_path, monkeypatch):
    path = tmp_path / "small.py"
    archspec("compile", spec, "-o", path)
    before = path.read_text()

    def is_full(_file):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", is_full)
    outcome = archspec("compile", spec, "--set", "width=8", "-o", path)
    assert outcome.code == 1
    assert outcome.err == f"error: cannot write `{path}`: no space left on device\n"
    assert path.read_text() == before
    assert sorted(p.name for p in tmp_path.iterdir()) == ["small.py", "small.yaml"]


# --- exports -------------------------------------------------------------------------


@pytest.mark.filterwarnings("ignore")
def test_a_program_with_the_weights_of_a_state_dict(
    archspec, spec, model, state, tmp_path
):
    path = tmp_path / "small.pt2"
    outcome = archspec("compile", spec, "-o", path, "--weights", state)
    assert outcome.code == 0
    assert outcome.out.startswith("wrote ")
    assert outcome.err == f"loaded 9 of 9 tensors from `{state}`\n"
    exported = torch.export.load(path).module()
    torch.testing.assert_close(exported(IMAGES), model(IMAGES))


@pytest.mark.filterwarnings("ignore")
def test_onnx_with_the_weights_of_a_run(archspec, spec, model, tmp_path):
    run, path = tmp_path / "best.pt", tmp_path / "small.onnx"
    save_checkpoint(run, checkpoint(model))
    outcome = archspec("compile", spec, "-o", path, "--weights", run)
    assert outcome.code == 0
    assert outcome.out.startswith("wrote ")
    session = onnxruntime.InferenceSession(path)
    (found,) = session.run(None, {"input": IMAGES.numpy()})
    torch.testing.assert_close(
        torch.from_numpy(found), model(IMAGES), rtol=1e-4, atol=1e-5
    )


def checkpoint(model):
    return Checkpoint(
        spec=SPEC,
        config={"input": [3, 8, 8]},
        classes=["a", "b"],
        num_images=9,
        epoch=1,
        metrics=[],
        step=0,
        totals=(0.0, 0, 0),
        seconds=0.0,
        statistics=([0.5], [0.25]),
        model=model.state_dict(),
        ema={},
        optimizer={},
        scaler={},
        rng=[{"cpu": torch.get_rng_state()}],
    )


@pytest.mark.filterwarnings("ignore")
def test_untrained_weights_are_told(archspec, spec, tmp_path):
    outcome = archspec("compile", spec, "-o", tmp_path / "a.pt2")
    assert outcome.code == 0
    assert outcome.err == "note: no `--weights`, so that the network is untrained\n"


def test_safetensors_fill_the_emitted_module(archspec, spec, model, state, tmp_path):
    path, source = tmp_path / "small.safetensors", tmp_path / "small.py"
    assert archspec("compile", spec, "-o", source).code == 0
    assert archspec("compile", spec, "-o", path, "--weights", state).code == 0
    with safe_open(path, "pt") as file:
        assert file.metadata()["spec"] == "small"
    emitted = runpy.run_path(str(source))["Small"]()
    emitted.load_state_dict(load_file(path), strict=True)
    assert torch.equal(emitted.eval()(IMAGES), model(IMAGES))
    again = tmp_path / "again.safetensors"  # what is written can be read
    assert archspec("compile", spec, "-o", again, "--weights", path).code == 0
    assert_same(load_file(again), load_file(path))


def test_weights_under_other_names(archspec, spec, model, tmp_path):
    theirs = {"features.conv": "0", "features.norm": "1", "classifier": "fc"}
    renames = [f"--rename={old}={new}" for old, new in theirs.items()]
    state = {}
    for name, weight in model.state_dict().items():
        layer, leaf = name.split(".")
        old = next(old for old, new in theirs.items() if new == layer)
        state[f"{old}.{leaf}"] = weight
    save_file(state, tmp_path / "theirs.safetensors")
    arguments = ["compile", spec, "--weights", tmp_path / "theirs.safetensors"]
    path = tmp_path / "ours.safetensors"
    assert archspec(*arguments, "-o", path).code == 1
    assert archspec(*arguments, "-o", path, *renames).code == 0
    assert_same(load_file(path), model.state_dict())


def assert_same(weights, others):
    assert weights.keys() == others.keys()
    assert [n for n in weights if not torch.equal(weights[n], others[n])] == []


# --- what a person can get wrong -----------------------------------------------------


def test_source_takes_no_weights(archspec, spec, state, tmp_path):
    for output in ([], ["-o", tmp_path / "a.py"]):
        outcome = archspec("compile", spec, "--weights", state, *output)
        assert (outcome.code, outcome.out) == (2, "")
        assert "`--weights` is not supported for source: use `-o F.onnx`" in outcome.err
    assert not (tmp_path / "a.py").exists()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["-o", "a.safetensors"], "`.safetensors` requires `--weights`"),
        (["-o", "a.pt2", "--rename", "a=b"], "give it as `--weights`"),
    ],
)
def test_options_without_weights(archspec, spec, arguments, message):
    outcome = archspec("compile", spec, *arguments)
    assert (outcome.code, outcome.out) == (2, "")
    assert message in outcome.err


def test_an_unknown_suffix(archspec, spec):
    outcome = archspec("compile", spec, "-o", "a.txt")
    assert outcome.code == 2
    assert outcome.err == (
        "error: `a.txt` should end in `.py`, `.onnx`, `.pt2` or `.safetensors`\n"
    )


def test_without_the_extra(archspec, spec, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "onnxscript", None)
    outcome = archspec("compile", spec, "-o", tmp_path / "a.onnx")
    assert outcome.code == 1
    assert outcome.err.count("\n") == 1
    assert "`pip install onnxscript`" in outcome.err


def test_too_large_for_onnx(archspec, tmp_path):
    path = tmp_path / "large.yaml"
    net = "[flatten | linear(50000)]  # archspec: ignore[large-linear]"
    path.write_text(f"archspec: 1\ninput: 3x64x64\nnet: {net}\n")
    outcome = archspec("compile", path, "-o", tmp_path / "a.onnx")
    assert outcome.code == 1
    assert outcome.err == (
        "error: 614,450,000 parameters are too many for one `.onnx`: write a `.pt2`\n"
    )


def test_weights_of_another_network(archspec, spec, model, tmp_path):
    state = model.state_dict()
    state["0.weight"] = torch.zeros(8, 3, 3, 3)
    state["head\x1b.weight"] = state.pop("fc.weight")
    for name in ("weight", "bias", "running_mean", "running_var"):
        del state[f"1.{name}"]
    torch.save(state, tmp_path / "other.pt")
    outcome = archspec(
        "compile", spec, "-o", tmp_path / "a.pt2", "--weights", tmp_path / "other.pt"
    )
    assert outcome.code == 1
    assert outcome.err == (
        f"error: `{tmp_path}/other.pt` does not match `small`: name the spec, params and "
        "input that it was trained with, or rename weights with `--rename old=new`\n"
        "3 of 9 tensors match; missing: 5; unexpected: 1; wrong shape: 1\n"
        f"  missing: `1.weight` 4 ({spec}:5)\n"
        f"  missing: `1.bias` 4 ({spec}:5)\n"
        f"  missing: `1.running_mean` 4 ({spec}:5)\n"
        f"  missing: `1.running_var` 4 ({spec}:5)\n"
        f"  missing: `fc.weight` 5x4 ({spec}:7)\n"
        "  unexpected: `head\N{REPLACEMENT CHARACTER}.weight` 5x4\n"
        f"  wrong shape: `0.weight` 4x3x3x3, in the file 8x3x3x3 ({spec}:5)\n"
    )
    assert not (tmp_path / "a.pt2").exists()


class Code:
    def __reduce__(self):
        return (os.system, ("touch it_ran",))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is corrupt, or cannot be read without running code: name a run"),
        (b"hello", "is corrupt, or cannot be read without running code"),
        (pickle.dumps(Code()), "is corrupt, or cannot be read without running code"),
        (Code(), "is corrupt, or cannot be read without running code"),
        ({}, "contains no weights: name a run"),
        ({"lr": 0.1}, "contains no weights: name a run"),
        ([torch.zeros(3)], "contains no weights: name a run"),
        (None, "does not exist"),
    ],
)
def test_what_is_no_state_dict(archspec, spec, tmp_path, monkeypatch, content, message):
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "weights.pt"
    if isinstance(content, bytes):
        path.write_bytes(content)
    elif content is not None:
        torch.save(content, path)
    outcome = archspec("compile", spec, "-o", "a.pt2", "--weights", path)
    assert outcome.code == (2 if content is None else 1)
    assert message in outcome.err
    assert not (tmp_path / "it_ran").exists()
