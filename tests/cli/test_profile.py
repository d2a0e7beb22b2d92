"""What `archspec profile` measures; how long it takes is the machine's affair."""

from __future__ import annotations

import json

import pytest
import torch
from typer.testing import CliRunner

from archspec.cli.main import app
from archspec.ops.merging import MERGES
from archspec.profiling import layer_profile, roofline

SPEC = """\
archspec: 1
name: small
input: 4x8x8
params: {width: 4}
variants: {wide: {width: 8}}
net:
  - tanh                                        # nothing before it learns
  - conv(width, k=3, p=1) | bn | relu
  - add: [identity, "conv(width, k=1) | dropout(0.5)"]
  - concat:
      - a: maxpool(2)
      - b: avgpool(2)
  - mul: [identity, global_avgpool | sigmoid]
  - flatten | linear(10)
"""
OPS = [
    "tanh", "conv", "bn", "relu", "identity", "conv", "dropout", "add", "maxpool",
    "avgpool", "concat", "identity", "global_avgpool", "sigmoid", "mul", "flatten",
    "linear",
]  # fmt: skip


@pytest.fixture(scope="module", autouse=True)
def quick():
    """Smaller products and copies, and fewer runs."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(roofline.SIDE, "cpu", 64)
        patch.setattr(roofline, "COPIED_BYTES", 2**16)
        patch.setattr(roofline, "LONG", 0.01)
        patch.setattr(layer_profile, "LONG", 0.01)
        patch.setattr(layer_profile, "SHORT", 0.001)
        yield


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    path = tmp_path_factory.mktemp("profile") / "small.yaml"
    path.write_text(SPEC)
    return path


@pytest.fixture(scope="module")
def measured(path):
    options = ["--batch", "3", "--device", "cpu", "--format", "json"]
    done = CliRunner().invoke(app, ["profile", str(path), *options])
    assert (done.exit_code, done.stderr) == (0, "")
    return json.loads(done.stdout)


def test_every_layer_and_join_is_there(measured):
    assert [layer["op"] for layer in measured["layers"]] == OPS
    assert (measured["name"], measured["batch"]) == ("small", 3)
    paths = [layer["path"] for layer in measured["layers"]]
    names = ["tanh1", "conv1", "bn1", "relu1", "identity1", "conv2"]
    assert [path for path in paths if path][:6] == names


def test_times_are_positive(measured):
    """Where something learns, or what it reads does, there is a way back."""
    for layer in measured["layers"]:
        assert layer["forward_seconds"] > 0
        assert (layer["backward_seconds"] > 0) == (layer["op"] != "tanh")
    keys = (
        "forward_seconds",
        "backward_seconds",
        "flops_per_second",
        "bytes_per_second",
    )
    assert all(measured[key] > 0 for key in keys)


def test_work_and_traffic(measured):
    """Counted by hand: FLOPs are two for each MAC, traffic is in 32-bit floats."""
    by_op = {layer["op"]: layer for layer in measured["layers"]}
    image = 3 * 4 * 8 * 8  # values of a map of the whole size, for the batch
    linear = by_op["linear"]
    assert linear["flops"] == 2 * 3 * 128 * 10
    assert linear["bytes"] == 4 * (3 * (128 + 10) + 128 * 10 + 10)
    assert linear["intensity"] == linear["flops"] / linear["bytes"]
    assert by_op["relu"]["flops"] == by_op["relu"]["intensity"] == 0
    assert by_op["relu"]["bytes"] == 4 * 2 * image
    assert by_op["add"]["bytes"] == 4 * 3 * image
    assert by_op["concat"]["bytes"] == 4 * 2 * (3 * 8 * 4 * 4)
    assert by_op["flatten"]["bytes"] == 0


def test_the_ridge_says_what_binds(measured):
    ridge = measured["flops_per_second"] / measured["bytes_per_second"]
    assert measured["ridge"] == pytest.approx(ridge)
    for layer in measured["layers"]:
        bound = "arithmetic" if layer["intensity"] > ridge else "memory"
        assert layer["bound"] == (bound if layer["bytes"] else None)
    assert {layer["bound"] for layer in measured["layers"]} >= {"memory", None}


@pytest.mark.parametrize("width", [60, 80, 160])
def test_table(archspec, path, width, monkeypatch):
    monkeypatch.setenv("COLUMNS", str(width))
    done = archspec("profile", path, "--batch", "2", "--variant", "wide")
    lines = done.out.splitlines()
    assert (done.code, done.err) == (0, "")
    assert lines[0].startswith("wide, input 4x8x8, batch 2, on ")
    assert ("8x8x8" in lines[5]) == (width > 80)
    assert lines[4].split()[0] == "tanh1"
    assert max(map(len, lines)) <= width
    notes = " ".join(lines[lines.index("") :])
    for word in ("machine", "forward", "backward"):
        assert f" {word}: " in notes


def test_a_network_without_weights(archspec, tmp_path):
    path = tmp_path / "plain.yaml"
    path.write_text("archspec: 1\ninput: 1x8x8\nnet: [relu, maxpool(2)]\n")
    done = archspec("profile", path)
    assert done.code == 0
    assert done.out.splitlines()[-1].startswith("backward: 0.00 ms")


def test_heads_take_their_time(archspec, tmp_path):
    """They run in training mode, and gradients come from every output."""
    path = tmp_path / "heads.yaml"
    path.write_text(
        "archspec: 1\ninput: 1x8x8\nnet:\n"
        '  - aux: {pooled: "adaptive_avgpool((1, 3)) | flatten"}\n  - conv(2, k=1)\n'
        "  - aux: {aux1: flatten | linear(3)}\n  - flatten | linear(3)\n"
    )
    done = archspec("profile", path, "--format", "json")
    layers = {layer["path"]: layer for layer in json.loads(done.out)["layers"]}
    pooled = ["pooled.0", "pooled.1"]  # which learns nothing
    assert list(layers) == [*pooled, "0", "aux1.0", "aux1.1", "1", "2"]
    assert layers["aux1.1"]["backward_seconds"] > 0


def test_every_input_is_read(archspec, tmp_path):
    path = tmp_path / "several.yaml"
    path.write_text(
        "archspec: 1\ninput: {image: 3x16x16, noise: 8}\nnet:\n"
        "  - low: ref(image) | conv(4, k=3) | relu\n  - global_avgpool | flatten\n"
        "  - add: [ref(noise) | linear(4), identity]\n  - high: linear(2)\n"
        "outputs: [low, high]\n"
    )
    data = json.loads(archspec("profile", path, "--batch", "2", "--format", "json").out)
    assert data["input"] == {"image": [3, 16, 16], "noise": [8]}
    assert len(data["layers"]) > 4


@pytest.mark.parametrize(
    ("arguments", "code", "part"),
    [
        (["nope"], 2, "`nope` is neither a file nor a bundled spec"),
        (["lenet", "--batch", "0"], 2, "--batch"),
        (["lenet", "--batch", "65537"], 2, "--batch"),
        (["lenet", "--batch", "1" + 20 * "0"], 2, "--batch"),
        (["lenet", "--batch", "many"], 2, "--batch"),
        (["lenet", "--device", "gpu"], 2, "--device"),
        (["lenet", "--set", "clases=3"], 2, "did you mean `classes`?"),
        ([], 2, "SPEC"),
    ],
)
def test_mistakes(archspec, arguments, code, part):
    done = archspec("profile", *arguments)
    assert (done.code, done.out) == (code, "")
    assert part in done.err


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is one")
def test_a_device_that_is_not_there(archspec, path):
    done = archspec("profile", path, "--device", "cuda")
    assert (done.code, done.out) == (2, "")
    assert "this machine has no `cuda` device" in done.err


def test_a_batch_that_no_memory_holds(archspec, tmp_path):
    path = tmp_path / "large.yaml"
    path.write_text("archspec: 1\ninput: 1x65536x65536\nnet: [relu]\n")
    done = archspec("profile", path, "--device", "cpu", "--batch", "65536")
    assert (done.code, done.out) == (1, "")
    assert "use a smaller `--batch`" in done.err


@pytest.mark.parametrize("width", [10**9, 2**31])
def test_weights_that_no_memory_holds(archspec, tmp_path, width):
    path = tmp_path / "wide.yaml"
    path.write_text(
        f"archspec: 1\ninput: 1x1000x1000\nnet: [flatten, linear({width})]  "
        "# archspec: ignore[large-linear]\n"
    )
    done = archspec("profile", path, "--device", "cpu")
    assert (done.code, done.out) == (1, "")
    weights = width * (10**6 + 1)
    assert done.err == (
        f"error: the {weights:,} parameters of `wide` do not fit into the memory of the "
        "device\n"
    )


def test_a_batch_of_one_that_batch_norm_cannot_take(archspec, tmp_path):
    path = tmp_path / "norm.yaml"
    path.write_text("archspec: 1\ninput: 1x8x8\nnet: [flatten, linear(4), bn]\n")
    done = archspec("profile", path, "--batch", "1")
    assert (done.code, done.out) == (1, "")
    assert done.err.startswith("error: `norm` does not train on a batch of 1")
    assert "`--batch 2`" in done.err


def test_each_merge_can_be_timed():
    assert layer_profile.MERGE_FUNCTIONS.keys() == MERGES.keys()
