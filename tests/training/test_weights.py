"""Weights from files of many makers, and what a report says of those that do not fit."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
import torchvision
from safetensors.torch import save_file
from torch import Tensor, nn

import archspec
from archspec.backends.torch.export import to_safetensors
from archspec.runs.errors import TrainingError
from archspec.spec import Spec
from archspec.training.weights.loading import load_weights
from archspec.training.weights.weight_files import read_weights

from .made import train_tiny

State = dict[str, Tensor]

SMALL = """\
archspec: 1
input: 3x16x16
params: {classes: 5}
blocks:
  unit(cout):
    - conv(cout, k=3) | bn
    - relu
net:
  - stem: unit(4)
  - unit(6)
  - global_avgpool | flatten
  - fc: linear(classes)
"""
RESNET = Path(__file__).parents[1] / "backends/specs/resnet18_torchvision.yaml"


@pytest.fixture
def small(tmp_path: Path) -> Callable[..., Spec]:
    """A function that loads a variant of the small spec."""

    def load(change: tuple[str, str] = ("", ""), **params: object) -> Spec:
        path = tmp_path / "small.yaml"
        path.write_text(SMALL.replace(*change))
        return archspec.load(path, **params)

    return load


def trained(spec: Spec) -> nn.Module:
    """A module with other values than a fresh one, in the statistics too."""
    model = archspec.compile(spec)
    model.train()(torch.randn(4, *spec.input_shape))
    return model


def assert_same(model: nn.Module, state: State) -> None:
    """Bit for bit, under the same names."""
    ours = model.state_dict()
    assert ours.keys() == state.keys()
    assert [name for name in ours if not torch.equal(ours[name], state[name])] == []


def fails(spec: Spec, path: Path, **options: Any) -> str:
    """The message; the network keeps its weights."""
    model = archspec.compile(spec)
    before = copy.deepcopy(model.state_dict())
    with pytest.raises(TrainingError) as caught:
        load_weights(model, spec, path, **options)
    assert_same(model, before)
    return str(caught.value)


# --- files ---------------------------------------------------------------------------


def prefixed(state: State, prefix: str) -> State:
    return {f"{prefix}{name}": weight for name, weight in state.items()}


def zeros(state: State) -> State:
    return {name: torch.zeros_like(weight) for name, weight in state.items()}


FILES: dict[str, Callable[[State], object]] = {
    "a state dict": lambda state: state,
    "a run's": lambda state: {"model": state, "optimizer": {}, "epoch": 3},
    "a run's without averages": lambda state: {"model": state, "ema": {}},
    "a run's with averages": lambda state: {"model": zeros(state), "ema": state},
    "another trainer's": lambda state: {"state_dict": state, "lr": 0.1},
    "of DataParallel": lambda state: prefixed(state, "module."),
    "of torch.compile": lambda state: prefixed(state, "_orig_mod."),
    "of both": lambda state: {"model": prefixed(state, "module._orig_mod.")},
    "of AveragedModel": lambda state: {
        "n_averaged": torch.tensor(7),
        **prefixed(state, "module."),
    },
}


@pytest.mark.parametrize("kind", FILES)
def test_weights_as_trainers_write_them(kind, small, tmp_path):
    spec, path = small(), tmp_path / "weights.pt"
    state = trained(spec).state_dict()
    torch.save(FILES[kind](state), path)
    model = archspec.compile(spec)
    report = load_weights(model, spec, path)
    assert str(report) == f"loaded 16 of 16 tensors from `{path}`"
    assert_same(model, state)


# torch 2.11 calls its own deprecated function when it first compiles.
@pytest.mark.filterwarnings("ignore:`torch.jit.script_method`:DeprecationWarning")
def test_wrappers_of_torch_itself(small, tmp_path):
    spec, path = small(), tmp_path / "weights.pt"
    inner = trained(spec)
    averaged = torch.optim.swa_utils.AveragedModel(inner)
    for wrapped in (nn.DataParallel(inner), torch.compile(inner), averaged):
        torch.save(wrapped.state_dict(), path)
        model = archspec.compile(spec)
        load_weights(model, spec, path)
        assert_same(model, inner.state_dict())


def test_a_group_that_is_called_module_is_no_wrapper(tmp_path):
    path = tmp_path / "grouped.yaml"
    path.write_text("archspec: 1\ninput: 3x1x1\nnet:\n  - module: [bn, relu, bn]\n")
    spec = archspec.load(path)
    state = archspec.compile(spec).state_dict()
    assert all(name.startswith("module.") for name in state)
    for prefix in ("", "module."):
        torch.save(prefixed(state, prefix), tmp_path / "weights.pt")
        model = archspec.compile(spec)
        load_weights(model, spec, tmp_path / "weights.pt")
        assert_same(model, state)


def test_a_run_is_its_best_checkpoint(small, tmp_path):
    spec = small()
    state = trained(spec).state_dict()
    torch.save({"model": state}, tmp_path / "best.pt")
    torch.save({"model": zeros(state)}, tmp_path / "last.pt")
    model = archspec.compile(spec)
    load_weights(model, spec, tmp_path)
    assert_same(model, state)


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("relu", "relu | tanh", "another network: `2` is added"),
        ("relu", "tanh", "another network: `1` is changed (op relu -> tanh)"),
        ("8x8", "9x9", ""),
        ("relu", "relu # 0 below 0", ""),
    ],
)
def test_weights_that_fit_another_network_are_noted(old, new, words, tmp_path):
    """Nothing but the spec in a run's checkpoint tells."""
    text = (
        "archspec: 1\nname: a\ninput: 1x8x8\ntrain: {data: digits, epochs: 1}\n"
        "net:\n  - conv: conv(4, k=3)\n  - relu\n  - global_avgpool | flatten\n"
        "  - fc: linear(10)\n"
    )
    run = train_tiny(tmp_path, text)
    spec = archspec.loads(text.replace(old, new))
    report = load_weights(archspec.compile(spec), spec, run)
    assert report.is_match
    assert report.is_adapted == bool(words)
    assert words in report.summary


def test_safetensors_of_any_memory_format(small, tmp_path):
    spec, path = small(), tmp_path / "weights.safetensors"
    theirs = trained(spec).to(memory_format=torch.channels_last)
    assert not theirs.state_dict()["stem.0.weight"].is_contiguous()
    path.write_bytes(to_safetensors(theirs, spec.name))
    model = archspec.compile(spec)
    load_weights(model, spec, path)
    assert_same(model, theirs.state_dict())


def test_half_precision_and_missing_counts_fit(small, tmp_path):
    spec, path = small(), tmp_path / "weights.safetensors"
    state = {
        name: weight.half()
        for name, weight in trained(spec).state_dict().items()
        if not name.endswith("num_batches_tracked")  # as in torchvision's older files
    }
    save_file(state, path)
    model = archspec.compile(spec)
    assert load_weights(model, spec, path).is_match
    ours = model.state_dict()
    assert all(torch.equal(ours[name], state[name].float()) for name in state)


class Code:
    def __reduce__(self):
        return (Path.touch, (Path("it_ran"),))


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.pt", None, "`a.pt` does not exist: name a run"),
        ("a.safetensors", None, "`a.safetensors` does not exist"),
        (".", None, "`best.pt` does not exist"),
        ("a.pt", b"hello", "`a.pt` is corrupt, or cannot be read without running code"),
        ("a.pt", pickle.dumps(Code()), "cannot be read without running code"),
        ("a.pt", Code(), "cannot be read without running code"),
        ("a.pt", {"model": Code()}, "cannot be read without running code"),
        ("a.pt", nn.Linear(2, 2), "cannot be read without running code"),
        ("a.safetensors", b"hello", "`a.safetensors` is corrupt"),
        ("a.safetensors", b"\xff" * 99, "`a.safetensors` is corrupt"),
        ("a.pt", [torch.zeros(2)], "`a.pt` contains no weights: name a run"),
        ("a.pt", {"model": {}, "state_dict": None}, "`a.pt` contains no weights"),
        ("a.pt", {3: torch.zeros(2)}, "`a.pt` contains no weights"),
    ],
)
def test_a_file_without_weights_is_one_sentence(
    name, content, message, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    path = Path(name)
    if isinstance(content, bytes):
        path.write_bytes(content)
    elif content is not None:
        torch.save(content, path)
    with pytest.raises(TrainingError) as caught:
        read_weights(path)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "it_ran").exists()


@pytest.mark.parametrize("suffix", ["pt", "safetensors"])
def test_a_file_cut_short_is_named(suffix, small, tmp_path):
    path = tmp_path / f"weights.{suffix}"
    model = trained(small())
    torch.save(model.state_dict(), path)
    if suffix == "safetensors":
        path.write_bytes(to_safetensors(model, "small"))
    path.write_bytes(path.read_bytes()[:-100])
    assert f"`{path}` is corrupt" in fails(small(), path)


def test_tensors_that_are_no_weights(small, tmp_path):
    spec, path = small(), tmp_path / "weights.pt"
    state = archspec.compile(spec).state_dict()
    torch.save({name: weight.to("meta") for name, weight in state.items()}, path)
    assert "save a plain state dict" in fails(spec, path)


# --- names ---------------------------------------------------------------------------


def test_torchvisions_names_load_as_they_are(tmp_path):
    theirs = torchvision.models.resnet18(weights=None)
    path, spec = tmp_path / "resnet18.pth", archspec.load(RESNET)
    torch.save(theirs.state_dict(), path)
    model = archspec.compile(spec)
    report = load_weights(model, spec, path)
    assert len(report.loaded) == len(theirs.state_dict()) == 122
    images = torch.randn(2, 3, 64, 64)
    assert torch.equal(model.eval()(images), theirs.eval()(images))


def test_renames_move_whole_levels_one_after_the_other(tmp_path):
    theirs = torchvision.models.resnet18(weights=None)
    path, ours = tmp_path / "resnet18.pth", tmp_path / "ours.yaml"
    torch.save(prefixed(theirs.state_dict(), "net.backbone."), path)
    text = RESNET.read_text().replace("conv1: conv(64, k=7", "stem: conv(64, k=7")
    ours.write_text(text.replace("layer3:", "four:").replace("layer4:", "layer3:"))
    spec = archspec.load(ours)
    renames = ["net.backbone=", "conv1=stem", "layer3=four", "layer4=layer3"]
    model = archspec.compile(spec)
    assert load_weights(model, spec, path, renames=renames).is_match
    images = torch.randn(2, 3, 64, 64)
    assert torch.equal(model.eval()(images), theirs.eval()(images))


@pytest.mark.parametrize(
    ("rename", "message"),
    [
        ("stm=a", "has no `stm`: did you mean `stem`, `stem.1` or `stem.0`?"),
        ("stem.0.wei=a", "has no `stem.0.wei`: did you mean `stem.0.weight`"),
        ("xyzzy=a", "has no `xyzzy`: the network has `stem`, `1` and `fc`"),
        ("ste=a", "has no `ste`: did you mean `stem`"),  # no level, only its beginning
        ("stem", "`--rename` expects `old=new`, found `stem`"),
        ("=stem", "`--rename` expects `old=new`, found `=stem`"),
        ("stem=1", "gives two weights of `weights.pt` the name `1.0.weight`"),
    ],
)
def test_a_rename_that_goes_wrong(rename, message, small, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    path = Path("weights.pt")
    torch.save(trained(small()).state_dict(), path)
    assert message in fails(small(), path, renames=[rename])


# --- networks that do not fit --------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "params", "expected"),
    [
        (
            ("unit(6)", "unit(7)"),
            {},
            [
                "does not match `small`: name the spec, params and input that it was",
                "9 of 16 tensors match; wrong shape: 7",
                "wrong shape: `1.0.weight` 7x4x3x3, in the file 6x4x3x3 (small.yaml:6, called in line 10)",
                "wrong shape: `fc.weight` 5x7, in the file 5x6 (small.yaml:12)",
            ],
        ),
        (
            ("fc:", "head:"),
            {},
            [
                "does not match `small`: use `--rename fc=head`",
                "14 of 16 tensors match; missing: 2; unexpected: 2",
                "missing: `head.weight` 5x6 (small.yaml:12)",
                "unexpected: `fc.weight` 5x6\n",
            ],
        ),
        (
            ("stem: unit", "foot: unit"),
            {},
            ["does not match `small`: use `--rename stem=foot`\n"],
        ),
        (
            ("k=3)", "k=3, bias=false)"),
            {},
            ["unexpected: `stem.0.bias` 4 (small.yaml:6, called in line 9)"],
        ),
        (("", ""), {"classes": 3}, ["does not match `small`: use `--set classes=5`\n"]),
        (
            ("  - unit(6)", "  - repeat: unit(6)\n    times: 3"),
            {},
            ["missing: 14", "missing: `2.0.weight` 6x6x3x3", "missing: 6 more"],
        ),
    ],
)
def test_a_report_names_each_weight_and_its_line(
    change, params, expected, small, tmp_path, monkeypatch
):
    path = tmp_path / "weights.pt"
    torch.save(trained(small()).state_dict(), path)
    monkeypatch.chdir(tmp_path)
    Path("small.yaml").write_text(SMALL.replace(*change))
    message = fails(archspec.load("small.yaml", **params), path)
    assert [words for words in expected if words not in message] == []


# --- a new head ----------------------------------------------------------------------


def test_another_number_of_classes_is_a_new_head(small, tmp_path):
    theirs, path = trained(small()), tmp_path / "weights.pt"
    torch.save(theirs.state_dict(), path)
    spec = small(classes=3)
    model = archspec.compile(spec)
    fresh = copy.deepcopy(model.fc.state_dict())
    report = load_weights(model, spec, path, adapt=True)
    place = f"({tmp_path}/small.yaml:12)"
    assert str(report).splitlines() == [
        f"loaded 14 of 16 tensors from `{path}`; new head `fc`: 2",
        f"  new head: `fc.weight` 3x6, in the file 5x6 {place}",
        f"  new head: `fc.bias` 3, in the file 5 {place}",
    ]
    state = theirs.state_dict()
    assert_same(model, state | {f"fc.{name}": fresh[name] for name in fresh})


def test_a_file_without_its_last_layer_is_a_new_head(small, tmp_path):
    spec, path = small(), tmp_path / "weights.pt"
    state = trained(spec).state_dict()
    del state["fc.weight"], state["fc.bias"]
    torch.save(state, path)
    report = load_weights(archspec.compile(spec), spec, path, adapt=True)
    assert [weight.name for weight in report.new_head] == ["fc.weight", "fc.bias"]
    assert [weight.file_shape for weight in report.new_head] == [None, None]
    assert "missing: `fc.weight`" in fails(spec, path)


def test_a_head_may_be_several_layers(tmp_path):
    path = tmp_path / "weights.pt"
    torch.save(archspec.compile("nin").state_dict(), path)
    spec = archspec.load(
        "nin", classes=7
    )  # three convolutions have a map for each class
    model = archspec.compile(spec)
    report = load_weights(model, spec, path, adapt=True)
    assert "new head `7.0`, `7.2` and `7.4`: 6" in report.summary


def test_pretrained_weights_with_another_head_under_another_name(tmp_path):
    theirs = torchvision.models.resnet18(weights=None, num_classes=20)
    path, ours = tmp_path / "resnet18.pth", tmp_path / "ours.yaml"
    torch.save(theirs.state_dict(), path)
    images = torch.randn(2, 3, 64, 64)
    expected = theirs.eval()(images)
    text = RESNET.read_text()
    ours.write_text(text.replace("fc: linear(1000)", "head: linear(20)"))
    spec = archspec.load(ours)  # the same head, under another name
    assert "use `--rename fc=head`" in fails(spec, path, adapt=True)
    model = archspec.compile(spec)
    assert load_weights(model, spec, path, renames=["fc=head"]).is_match
    assert torch.equal(model.eval()(images), expected)
    ours.write_text(text.replace("fc: linear(1000)", "head: linear(10)"))
    spec = archspec.load(ours)
    for renames in ((), ("fc=head",)):
        model = archspec.compile(spec)
        report = load_weights(model, spec, path, renames=renames, adapt=True)
        assert "loaded 120 of 122 tensors" in report.summary
        model.head, theirs.fc = nn.Identity(), nn.Identity()
        assert torch.equal(model.eval()(images), theirs.eval()(images))


HEADS = {  # what stands in the place of `fc: linear(classes)`, with 5 classes in the file
    "three layers": "fc: linear(9) | relu | linear(8) | relu | linear(classes)",
    "with norms": "fc: bn | linear(9) | bn | linear(classes)",
    "under another name": "head: linear(7) | linear(classes)",
    "on top": "fc: linear(5)\n  - linear(classes)",
}


@pytest.mark.parametrize("kind", HEADS)
@pytest.mark.parametrize("classes", [5, 3])
def test_a_new_head_of_several_layers(kind, classes, small, tmp_path):
    theirs, path = trained(small()), tmp_path / "weights.pt"
    torch.save(theirs.state_dict(), path)
    spec = small(("fc: linear(classes)", HEADS[kind]), classes=classes)
    assert "missing: " in fails(spec, path)  # unless a new head is asked for
    model = archspec.compile(spec)
    ours = copy.deepcopy(model.state_dict())
    report = load_weights(model, spec, path, adapt=True)
    state = theirs.state_dict()
    if kind != "on top":
        assert {weight.name for weight in report.replaced} == {"fc.weight", "fc.bias"}
        del state["fc.weight"], state["fc.bias"]
        assert "; replaced `fc`: 2" in report.summary
    assert {weight.name for weight in report.new_head} == ours.keys() - state.keys()
    assert_same(model, ours | state)


def test_auxiliary_heads_are_new_with_a_head_of_several_layers(small, tmp_path):
    side = "  - aux: {side: global_avgpool | flatten | linear(classes)}\n  - unit(6)"
    spec = small(("  - unit(6)", side))
    path = tmp_path / "weights.pt"
    torch.save(archspec.compile(spec).state_dict(), path)
    text = (tmp_path / "small.yaml").read_text()
    ours = tmp_path / "ours.yaml"
    ours.write_text(text.replace("fc: linear", "fc: linear(7) | relu | linear"))
    spec = archspec.load(ours, classes=3)
    report = load_weights(archspec.compile(spec), spec, path, adapt=True)
    layers = {weight.name.rpartition(".")[0] for weight in report.new_head}
    assert layers == {"side.2", "fc.0", "fc.2"}
    assert [weight.name for weight in report.replaced] == ["fc.weight", "fc.bias"]


DENSE = """\
archspec: 1
input: 3x4x4
net:
  - flatten
  - a: linear(8)
  - b: linear(8)
  - norm: bn
  - c: linear(6)
  - fc: linear(5)
"""


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (("  - b: linear(8)\n", ""), "unexpected: 2"),
        (("  - b: linear(8)\n", "  - d: linear(8)\n"), "missing: 2; unexpected: 2"),
        (("c: linear(6)", "c: linear(7)"), "wrong shape: 3"),
        (("a: linear(8)", "a: linear(9)"), "wrong shape: 3"),
        (("c: linear(6)\n  - fc: linear(5)", "fc: linear(5)"), "unexpected: 2"),
    ],
)
def test_dense_layers_that_differ_are_no_new_head(change, words, tmp_path):
    path, ours = tmp_path / "weights.pt", tmp_path / "dense.yaml"
    ours.write_text(DENSE)
    torch.save(archspec.compile(ours).state_dict(), path)
    ours.write_text(DENSE.replace(*change))
    message = fails(archspec.load(ours), path, adapt=True)
    assert words in message.splitlines()[1]
    assert "new head" not in message


def test_one_layer_in_the_place_of_several(small, tmp_path):
    theirs = trained(small(("fc: linear(classes)", HEADS["three layers"])))
    path = tmp_path / "weights.pt"
    torch.save(theirs.state_dict(), path)
    spec = small(classes=3)
    report = load_weights(archspec.compile(spec), spec, path, adapt=True)
    assert [weight.name for weight in report.new_head] == ["fc.weight", "fc.bias"]
    assert len(report.replaced) == 6


def test_gray_images_sum_the_first_kernel(small, tmp_path):
    theirs, path = trained(small()), tmp_path / "weights.pt"
    torch.save(theirs.state_dict(), path)
    spec = archspec.load(tmp_path / "small.yaml", input="1x16x16")
    assert "wrong shape: `stem.0.weight` 4x1x3x3" in fails(spec, path)
    model = archspec.compile(spec)
    report = load_weights(model, spec, path, adapt=True)
    first, second = str(report).splitlines()
    kind, place = (
        "summed over its channels",
        f"{tmp_path}/small.yaml:6, called in line 9",
    )
    assert first == f"loaded 16 of 16 tensors from `{path}`; {kind}: `stem.0`"
    assert second == f"  {kind}: `stem.0.weight` 4x1x3x3, in the file 4x3x3x3 ({place})"
    gray = torch.rand(2, 1, 16, 16)
    color = gray.expand(-1, 3, -1, -1)
    torch.testing.assert_close(model.eval()(gray), theirs.eval()(color))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (("unit(6)", "unit(7)"), "wrong shape: 7"),  # `fc` reads other features too
        (("  - unit(6)\n", ""), "unexpected: 7"),
        (("  - unit(6)", "  - unit(6) | unit(6)"), "missing: 7"),
        (("stem: unit(4)", "stem: unit(3)"), "wrong shape: 7"),
        (("  - global_avgpool", "  - conv(9, k=1)\n  - global_avgpool"), "missing: 2"),
    ],
)
def test_only_the_head_may_be_new(change, words, small, tmp_path):
    path = tmp_path / "weights.pt"
    torch.save(trained(small()).state_dict(), path)
    message = fails(small(change), path, adapt=True)
    assert words in message.splitlines()[1]
    assert "new head" not in message
