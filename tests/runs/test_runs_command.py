"""`archspec runs`: what was trained, side by side."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import asdict
from math import nan
from pathlib import Path

import pytest

from archspec import load
from archspec.runs.resolve_settings import resolve_settings
from tiny_runs import TINY, create_run, epochs, write_epochs

Command = Callable[..., tuple[int, str, str]]


@pytest.fixture
def runs(tiny: Path, tmp_path: Path) -> Path:
    """A directory with `tiny-1` of three epochs, the second the best, done."""
    spec = load(tiny)
    settings = resolve_settings(spec.train, {"out": tmp_path / "runs", "epochs": 3})
    run = create_run(spec, settings)
    run.write_metrics(epochs([0.5, 0.875, 0.75]))
    return run.path.parent


def line(**values: object) -> str:
    """A line of metrics with other values."""
    (row,) = epochs([0.5])
    return json.dumps(asdict(row) | values) + "\n"


def change(run: Path, **settings: object) -> None:
    """Change the settings of a run."""
    config = json.loads((run / "config.json").read_text())
    (run / "config.json").write_text(json.dumps(config | settings))


def test_runs_are_listed_with_what_a_person_compares(
    runs: Path, command: Command
) -> None:
    code, out, err = command("runs")
    assert (code, err) == (0, "")
    header, row = (out.splitlines()[n].split("  ") for n in (1, 3))
    cells = dict(
        zip(*([c.strip() for c in x if c.strip()] for x in (header, row)), strict=True)
    )
    params = load(runs / "tiny-1" / "spec.yaml").params
    assert cells == {
        "run": "tiny-1",
        "spec": "tiny",
        "data": "digits",
        "epochs": "3/3",
        "val acc": "0.8750",
        "test acc": "0.7750",
        "parameters": f"{params:,}",
        "images/s": "200",
        "state": "done",
    }


def test_runs_are_listed_as_json(runs: Path, command: Command) -> None:
    change(runs / "tiny-1", epochs=5)
    code, out, _ = command("runs", "--out", runs, "--format", "json")
    assert code == 0
    assert json.loads(out) == [
        {
            "run": str(runs / "tiny-1"),
            "state": "unfinished",
            "spec": "tiny",
            "data": "digits",
            "epochs": 3,
            "planned_epochs": 5,
            "best_epoch": 2,
            "val_accuracy": 0.875,
            "test_accuracy": 0.775,
            "params": load(runs / "tiny-1" / "spec.yaml").params,
            "images_per_second": 200.0,
        }
    ]


def test_parameters_are_those_of_the_params_that_the_run_began_with(
    runs: Path, command: Command
) -> None:
    change(runs / "tiny-1", params={"classes": 7, "act": "tanh", "widths": [3, 5]})
    _, out, _ = command("runs", "--format", "json")
    spec = load(runs / "tiny-1" / "spec.yaml", classes=7, widths=[3, 5])
    assert json.loads(out)[0]["params"] == spec.params


@pytest.mark.parametrize("head", ["", "name: family\n"])
def test_the_variant_of_a_file_is_listed_with_the_spec(
    head: str, tmp_path: Path, command: Command
) -> None:
    text = f"{TINY}variants: {{small: {{widths: [3, 5]}}}}\n"
    (tmp_path / "family.yaml").write_text(text.replace("name: tiny\n", head))
    spec = load(tmp_path / "family.yaml:small")
    create_run(spec, resolve_settings(spec.train, {"out": tmp_path / "runs"}))
    _, out, _ = command("runs", "--format", "json")
    (found,) = json.loads(out)
    assert (Path(found["run"]).name, found["spec"]) == (
        "family-small-1",
        "family:small",
    )


def test_two_comes_before_ten(runs: Path, command: Command) -> None:
    for number in (10, 2, 9):
        shutil.copytree(runs / "tiny-1", runs / f"tiny-{number}")
    shutil.copytree(runs / "tiny-1", runs / "7")
    _, out, _ = command("runs", "--format", "json")
    names = [Path(run["run"]).name for run in json.loads(out)]
    assert names == ["7", "tiny-1", "tiny-2", "tiny-9", "tiny-10"]


def test_a_run_without_an_epoch_is_listed(runs: Path, command: Command) -> None:
    (runs / "tiny-1" / "metrics.jsonl").write_text("")
    code, out, _ = command("runs")
    assert code == 0
    assert "0/3" in out
    code, _, err = command("runs", "compare", "runs/tiny-1")
    assert code == 1
    assert "it stopped before an epoch had ended" in err


@pytest.mark.parametrize(
    ("path", "told"),
    [
        ("tiny-1", "`tiny-1` does not exist: did you mean `runs/tiny-1`?"),
        ("runs/tiny", "`runs/tiny` does not exist: did you mean `runs/tiny-1`?"),
        ("runs/other", "does not exist: name a run, such as `runs/tiny-1`"),
        ("runs", "(`config.json` is missing): name a run in it, such as `runs/tiny-1`"),
        ("runs/tiny-1/best.pt", "did you mean `runs/tiny-1`?"),
    ],
)
@pytest.mark.usefixtures("runs")
def test_a_path_that_is_not_a_run_suggests_one(
    path: str, told: str, command: Command
) -> None:
    code, _, err = command("runs", "show", path)
    assert code == 2
    assert err.endswith(f"{told}\n")


def test_a_folder_is_checked_without_the_copies_of_runs(
    runs: Path, command: Command
) -> None:
    (runs.parent / "net.yaml").write_text(TINY)
    other = runs.parent / "other"  # no run, though it has a file of that name
    other.mkdir()
    (other / "config.json").write_text("{}")
    (other / "small.yaml").write_text(TINY)
    _, out, _ = command("check", ".")
    assert "net.yaml: ok" in out
    assert "other/small.yaml: ok" in out
    assert "spec.yaml" not in out
    _, out, _ = command("check", "runs/tiny-1")
    assert out.startswith("runs/tiny-1/spec.yaml")


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("metrics.jsonl", '{"epoch": 1', "metrics.jsonl` is corrupt"),
        ("metrics.jsonl", "[1]\n", "metrics.jsonl` is corrupt"),
        ("metrics.jsonl", '{"epoch": 1}\n', "metrics.jsonl` is corrupt"),
        ("metrics.jsonl", line(val_accuracy=None), "metrics.jsonl` is corrupt"),
        ("metrics.jsonl", line(val_accuracy="x"), "metrics.jsonl` is corrupt"),
        ("metrics.jsonl", line(train_loss=nan), "metrics.jsonl` is corrupt"),
        ("config.json", "{", "config.json` is not as"),
        ("config.json", "{}", "is not as `archspec train` writes it"),
        ("config.json", None, "`config.json` is missing"),
        ("spec.yaml", None, "cannot read"),
        ("spec.yaml", TINY.replace("conv", "cnov"), "has errors now"),
    ],
)
def test_a_damaged_run_is_listed_with_the_reason_and_hides_no_other(
    name: str, text: str | None, said: str, runs: Path, command: Command
) -> None:
    damaged = shutil.copytree(runs / "tiny-1", runs / "tiny-2")
    (damaged / name).unlink()
    if text is not None:
        (damaged / name).write_text(text)
    code, out, err = command("runs")
    assert (code, err) == (0, "")
    lines = out.splitlines()
    assert lines[3].endswith("done")
    assert lines[4].split() == ["tiny-2", "damaged"]
    assert said in " ".join(" ".join(lines[6:]).split())
    _, out, _ = command("runs", "--format", "json")
    good, bad = json.loads(out)
    assert good["state"] == "done"
    assert bad["state"] == "damaged"
    assert said in bad["error"]


def test_what_is_no_run_is_passed_over(runs: Path, command: Command) -> None:
    (runs / "compare.svg").write_text("a picture")
    (runs / "notes").mkdir()
    _, out, _ = command("runs", "--format", "markdown")
    header, marks, row = out.splitlines()
    assert header.startswith("| run | spec |")
    assert marks.startswith("| --- | --- |")
    assert row.startswith("| tiny-1 | tiny |")


@pytest.mark.parametrize(
    ("folder", "said"),
    [
        ("nowhere", "cannot look for runs in `nowhere` (no such file or directory)"),
        ("runs/tiny-1", "`runs/tiny-1` has no runs"),
    ],
)
def test_a_directory_without_runs_is_named(
    folder: str, said: str, runs: Path, command: Command
) -> None:
    assert runs.is_dir()
    code, out, err = command("runs", "--out", folder)
    assert (code, out) == (2, "")
    assert err == (
        f"error: {said}: `archspec train` creates one, and `--out DIR` names another directory\n"
    )


@pytest.mark.parametrize(
    "arguments", [["runs"], ["runs", "compare", "runs/tiny-1", "runs/tiny-1"]]
)
def test_runs_are_read_without_torch(arguments: list[str], runs: Path) -> None:
    program = (
        "import sys; sys.modules['torch'] = sys.modules['torchvision'] = None\n"
        "from archspec.cli.main import main; main()"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, *arguments],
        cwd=runs.parent,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert "0.8750" in done.stdout


def test_a_comparison_shows_what_differs_and_draws_the_curves(
    runs: Path, command: Command
) -> None:
    other = shutil.copytree(runs / "tiny-1", runs / "tiny-2")
    adam = {"name": "adam", "arguments": {"lr": 0.01, "weight_decay": 0.0}}
    change(other, seed=4, optimizer=adam, augment=[], out="elsewhere")
    change(other, params={"classes": 10, "act": "relu", "widths": [4, 4]}, ema=0.9)
    write_epochs(other, epochs([0.25, 0.5], test=False))
    code, out, err = command("runs", "compare", "runs/tiny-1", "runs/tiny-2")
    assert (code, err) == (0, "")
    table = {}
    for line in out.splitlines()[3:-2]:
        name, *cells = (part.strip() for part in line.split("  ") if part)
        table[name] = [cell for cell in cells if cell]
    few = load(other / "spec.yaml", widths=[4, 4]).params
    assert table == {
        "param widths": ["[8, 16]", "[4, 4]"],
        "optimizer": ["sgd", "adam"],
        "optimizer.lr": ["0.05", "0.01"],
        "optimizer.momentum": ["0.9"],
        "optimizer.nesterov": ["false"],
        "augment": ["crop(padding=1) | hflip"],
        "ema": ["0.9"],
        "seed": ["0", "4"],
        "epochs": ["3/3", "2/3"],
        "best validation accuracy": ["0.8750", "0.5000"],
        "test accuracy of that epoch": ["0.7750"],
        "parameters": [f"{load(other / 'spec.yaml').params:,}", f"{few:,}"],
        "images/s": ["200", "150"],
    }
    assert out.splitlines()[-1] == "wrote runs/compare.svg"
    picture = (runs / "compare.svg").read_text()
    for name in ("runs/tiny-1: best", "runs/tiny-2: best"):
        assert name in picture


def test_the_suffix_chooses_the_picture(runs: Path, command: Command) -> None:
    code, out, _ = command("runs", "compare", "runs/tiny-1", "-o", "c.png")
    assert code == 0
    assert out.endswith("wrote c.png\n")
    assert (runs.parent / "c.png").read_bytes().startswith(b"\x89PNG")
    code, _, err = command("runs", "compare", "runs/tiny-1", "-o", "c.txt")
    assert code == 2
    assert err == "error: `c.txt` should end in one of `.png`, `.svg`, `.pdf`\n"
