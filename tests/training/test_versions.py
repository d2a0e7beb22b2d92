"""Runs of other versions of archspec; `tests/runs/versions` keeps a small one of each."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

import pytest
import torch

from archspec.runs.directory import RunDirectory
from archspec.settings.settings import SETTINGS
from tiny_runs import TINY, Outcome

from .made import train_tiny

Command = Callable[..., Outcome]

VERSIONS = Path(__file__).parents[1] / "runs/versions"


@pytest.fixture(params=sorted(VERSIONS.iterdir()), ids=lambda path: path.name)
def old(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A run that another version has made."""
    return Path(shutil.copytree(request.param / "tiny-1", tmp_path / "runs/tiny-1"))


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return train_tiny(tmp_path_factory.mktemp("versions"))


@pytest.fixture
def run(trained: Path, tmp_path: Path) -> Path:
    """A run of this version, of two epochs."""
    return Path(shutil.copytree(trained, tmp_path / "runs/tiny-1"))


def change_config(run: Path, **entries: object) -> None:
    path = run / "config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | entries))


def change_checkpoint(path: Path, **entries: object) -> None:
    torch.save(torch.load(path, weights_only=True) | entries, path)


def test_an_old_run_is_evaluated_as_then(old: Path, command: Command) -> None:
    *_, last = map(json.loads, (old / "metrics.jsonl").read_text().splitlines())
    code, out, err = command("evaluate", old, "--format", "json", "--device", "cpu")
    assert (code, err) == (0, "")
    assert json.loads(out)["accuracy"] == pytest.approx(last["test_accuracy"], abs=0.01)


def test_an_old_run_goes_on(old: Path, command: Command) -> None:
    done = len((old / "metrics.jsonl").read_text().splitlines())
    code, out, err = command("train", "--resume", old, "--epochs", done + 1)
    assert (code, err) == (0, "")
    assert f"epoch {done + 1}/{done + 1}" in out
    config = json.loads((old / "config.json").read_text())
    assert config["archspec"] == version("archspec-nn")


def test_a_run_from_before_a_setting_has_its_default(run: Path) -> None:
    _, settings = RunDirectory(run).read()
    config = json.loads((run / "config.json").read_text())
    for name in SETTINGS:
        fewer = {key: value for key, value in config.items() if key != name}
        (run / "config.json").write_text(json.dumps(fewer))
        _, found = RunDirectory(run).read()
        different = {n for n in SETTINGS if getattr(found, n) != getattr(settings, n)}
        assert different <= {name}


def test_its_checkpoint_resumes(run: Path, command: Command) -> None:
    config = json.loads((run / "config.json").read_text())
    del config["freeze"], config["archspec"]
    (run / "config.json").write_text(json.dumps(config))
    for name in ("last.pt", "best.pt"):
        change_checkpoint(run / name, config=config)
    assert command("evaluate", run).code == 0
    assert command("train", "--resume", run, "--epochs", 3)[::2] == (0, "")


@pytest.mark.parametrize("arguments", [["evaluate"], ["train", "--resume"]])
def test_a_setting_of_a_later_version_is_named(
    run: Path, command: Command, arguments: list[str]
) -> None:
    change_config(run, archspec="9.1.0", mixup=0.2)
    code, _, err = command(*arguments, run)
    assert code == 1
    assert err == (
        "error: the run has the setting `mixup` of archspec 9.1.0, which this version "
        "does not know: use that version\n"
    )


LATER = {
    "a recipe": {"optimizer": {"name": "muon", "arguments": {"lr": 0.1}}},
    "an argument": {"loss": {"name": "cross_entropy", "arguments": {"focal": 2}}},
    "a type": {"batch_size": "256"},
    "a form": {"optimizer": "sgd(lr=0.1)"},
    "a choice": {"precision": "fp8"},
    "nothing": {"augment": None},
}


@pytest.mark.parametrize("arguments", [["evaluate"], ["train", "--resume"]])
@pytest.mark.parametrize("entries", LATER.values(), ids=LATER)
def test_so_is_a_value_of_one(
    run: Path, command: Command, entries: dict[str, object], arguments: list[str]
) -> None:
    change_config(run, archspec="9.1.0", **entries)
    code, _, err = command(*arguments, run)
    assert code == 1
    assert err.startswith("error: the run has a setting of archspec 9.1.0 that this")
    assert f"`{next(iter(entries))}`" in err.replace("--", "").replace("-", "_")


def test_an_argument_that_an_older_version_lacked_has_its_default(
    run: Path, command: Command
) -> None:
    loss = {"name": "cross_entropy", "arguments": {}}
    config = json.loads((run / "config.json").read_text()) | {"loss": loss}
    (run / "config.json").write_text(json.dumps(config))
    for name in ("last.pt", "best.pt"):
        change_checkpoint(run / name, config=config)
    assert command("evaluate", run).code == 0
    assert command("train", "--resume", run, "--epochs", 3)[::2] == (0, "")


def test_a_foreign_checkpoint_is_set_aside(run: Path, command: Command) -> None:
    """Of another program, which has some of the same keys."""
    model = torch.load(run / "last.pt", weights_only=True)["model"]
    torch.save(
        {"model": model, "optimizer": {}, "epoch": 3, "args": 1}, run / "last.pt"
    )
    code, _, err = command("train", "--resume", run, "--epochs", 3)
    assert code == 0
    assert "last.damaged.pt" in err


@pytest.mark.parametrize("arguments", [["evaluate"], ["train", "--resume"]])
def test_so_is_a_checkpoint_of_one(
    run: Path, command: Command, arguments: list[str]
) -> None:
    for path in (run / "best.pt", run / "last.pt"):
        change_checkpoint(path, config={"archspec": "9.1.0"}, streams=[1])
    code, _, err = command(*arguments, run)
    assert code == 1
    assert "is a checkpoint of archspec 9.1.0, which this version cannot read" in err


def test_a_comment_makes_no_other_run(run: Path, command: Command) -> None:
    text = f"# as in the paper\n{TINY.replace('conv(widths[1]', 'conv(out_channels=widths[1]')}"
    (run / "spec.yaml").write_text(text)
    spec = run.parent / "edited.yaml"
    spec.write_text(text)
    for arguments in ([spec, "--resume", run], ["--resume", run]):
        code, _, err = command("train", *arguments, "--epochs", 2)
        assert (code, err) == (0, "")


@pytest.mark.parametrize(
    ("old", "new", "what"),
    [
        ("conv(widths[1], k=3, p=1)", "conv(widths[1], k=5, p=2)", "k 3 -> 5"),
        ("dropout(0.1)", "dropout(0.2)", "p 0.1 -> 0.2"),
        ("1x8x8", "1x10x10", "is resized (input (1, 8, 8) -> (1, 10, 10))"),
        ("schedule: cosine(warmup=0.5)", "schedule: cosine", "`schedule` of `train:`"),
    ],
)
def test_another_network_is_another_run_and_says_in_what(
    run: Path, command: Command, old: str, new: str, what: str
) -> None:
    assert old in TINY
    spec = run.parent / "edited.yaml"
    spec.write_text(TINY.replace(old, new))
    code, _, err = command("train", spec, "--resume", run)
    assert code == 2
    assert "began with another network or `train:` section, " in err
    assert what in err


def test_a_checkpoint_of_another_run_says_in_what(run: Path, command: Command) -> None:
    spec = TINY.replace("widths[1], k=3", "widths[1], k=1").replace("k=1, p=1", "k=1")
    for name in ("last.pt", "best.pt"):
        change_checkpoint(run / name, spec=spec)
    code, _, err = command("train", "--resume", run)
    assert code == 1
    assert "belongs to another run (" in err
    assert "k 1 -> 3" in err
