"""Runs from the command line: what they leave behind."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from math import nan
from pathlib import Path

import pytest
import torch

from archspec.training.train_state import TrainState
from processes import Processes

from .runs import assert_same_weights, losses, rows, weights

Command = Callable[..., tuple[int, str, str]]
COLUMNS = [
    "epoch",
    "train_loss",
    "train_accuracy",
    "val_loss",
    "val_accuracy",
    "lr",
    "images_per_second",
    "seconds",
    "test_loss",
    "test_accuracy",
]


@pytest.mark.usefixtures("curves")
def test_a_run_leaves_everything_that_made_it(
    tiny: Path, tmp_path: Path, command: Command
) -> None:
    code, out, err = command("train", tiny, "--set", "widths=[8, 12]", "--seed", 3)
    run = tmp_path / "runs" / "tiny-1"
    assert (code, err) == (0, "")
    assert sorted(file.name for file in run.iterdir()) == [
        "best.pt",
        "config.json",
        "curves.png",
        "curves.svg",
        "last.pt",
        "metrics.jsonl",
        "model.py",
        "spec.yaml",
    ]
    assert (run / "spec.yaml").read_text() == tiny.read_text()
    assert (run / "curves.png").read_bytes().startswith(b"\x89PNG")
    assert "</svg>" in (run / "curves.svg").read_text()
    assert "class Tiny" in (run / "model.py").read_text()
    config = json.loads((run / "config.json").read_text())
    assert config["params"] == {"classes": 10, "act": "relu", "widths": [8, 12]}
    assert (config["seed"], config["epochs"], config["device"]) == (3, 2, "cpu")
    assert (config["input"], config["torch"]) == ("1x8x8", torch.__version__)
    assert config["schedule"] == {"name": "cosine", "arguments": {"warmup": 0.5}}
    lines = out.splitlines()
    assert lines[0].startswith("tiny: ")
    assert lines[1].startswith("epoch 1/2  loss")
    assert lines[-1].startswith("best accuracy 0.")
    assert lines[-1].endswith("in runs/tiny-1")


def test_metrics_have_a_row_for_each_epoch(
    tiny: Path, tmp_path: Path, command: Command
) -> None:
    command("train", tiny, "--epochs", 3, "--precision", "bf16")
    found = rows(tmp_path / "runs" / "tiny-1")
    assert [row["epoch"] for row in found] == [1, 2, 3]
    for row in found:
        assert list(row) == COLUMNS
        assert 0 <= row["train_accuracy"] <= 1
        assert (149 * row["val_accuracy"]).is_integer()
        assert (364 * row["test_accuracy"]).is_integer()
        assert row["seconds"] > 0
        assert row["images_per_second"] > 0
    assert found[-1]["val_loss"] < found[0]["val_loss"]
    assert found[-1]["val_accuracy"] > 0.5
    assert found[0]["lr"] > found[1]["lr"] > found[2]["lr"] > 0


def test_a_run_directory_is_never_overwritten(
    tiny: Path, tmp_path: Path, command: Command
) -> None:
    (tmp_path / "kept" / "tiny-7").mkdir(parents=True)
    for number in (8, 9):
        code, out, _ = command("train", tiny, "--epochs", 1, "--out", "kept")
        assert code == 0
        assert f"kept/tiny-{number}" in out


def test_the_same_seed_gives_the_same_losses_and_another_seed_others(
    tiny: Path, tmp_path: Path, command: Command
) -> None:
    for seed in (0, 0, 1):
        assert command("train", tiny, "--seed", seed)[0] == 0
    first, second, other = (tmp_path / "runs" / f"tiny-{n}" for n in (1, 2, 3))
    assert losses(first) == losses(second)
    assert_same_weights(first, second)
    assert losses(first) != losses(other)


@pytest.mark.parametrize("flags", [(), ("--clip", 0.5)])
@pytest.mark.parametrize("precision", ["bf16", "16"])
def test_half_precision_trains_to_nearly_the_same(
    precision: str,
    flags: tuple[object, ...],
    tiny: Path,
    tmp_path: Path,
    command: Command,
) -> None:
    for chosen in ("32", precision):
        assert command("train", tiny, "--precision", chosen, *flags)[0] == 0
    whole, half = (rows(tmp_path / f"runs/tiny-{n}")[-1]["train_loss"] for n in (1, 2))
    assert half != whole
    assert half == pytest.approx(whole, rel=0.02)


COUNTED = """
from torch._dynamo.utils import counters
from archspec.training import loop
draw_curves = loop.draw_curves
def counted(*arguments):
    print("graphs:", counters["stats"]["unique_graphs"])
    return draw_curves(*arguments)
loop.draw_curves = counted
"""


@pytest.mark.slow
@pytest.mark.skipif(not shutil.which("g++"), reason="torch compiles with g++")
def test_a_compiled_network_trains_to_the_same(tmp_path: Path) -> None:
    path = tmp_path / "small.yaml"
    path.write_text("archspec: 1\ninput: 1x8x8\nnet: ['flatten | linear(10)']\n")
    for flags in ([], ["--compile"]):
        train = ["train", path, "--epochs", 1, *flags]
        (ended,) = Processes(1, *train, folder=tmp_path, before=COUNTED).end()
        assert ended.code == 0, ended.err
        assert ("graphs: 0\n" in ended.out) == (not flags)
    plain, compiled = (losses(tmp_path / "runs" / f"small-{n}") for n in (1, 2))
    assert compiled[0] == pytest.approx(plain[0], rel=1e-3)


def test_evaluate_measures_the_best_checkpoint(
    tiny: Path, tmp_path: Path, command: Command
) -> None:
    command("train", tiny, "--epochs", 4, "--lr", 0.2, "--set", "act=leaky_relu")
    run = tmp_path / "runs" / "tiny-1"
    best = max(rows(run), key=lambda row: row["val_accuracy"])["test_accuracy"]
    (run / "spec.yaml").write_text("not needed")
    code, out, err = command("evaluate", run)
    assert (code, err) == (0, "")
    assert out.startswith(
        f"test accuracy {best:.4f} ({round(best * 364)} of 364), loss "
    )


def test_weights_that_are_no_numbers_are_at_fault(
    tiny: Path, tmp_path: Path, command: Command
) -> None:
    command("train", tiny, "--epochs", 1)
    state = weights(tmp_path / "runs/tiny-1")
    torch.save(
        {
            name: value * nan if value.is_floating_point() else value
            for name, value in state.items()
        },
        "nan.pt",
    )
    code, _, err = command("train", tiny, "--weights", "nan.pt")
    assert code == 1
    assert err.startswith(
        "error: the loss is NaN or infinite before the first update: the weights"
    )


def test_a_loss_that_is_no_number_stops_the_run_before_the_update(
    tiny: Path, tmp_path: Path, command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    updates, update = [], TrainState.update
    monkeypatch.setattr(
        TrainState, "update", lambda *given: updates.append(update(*given))
    )
    code, _, err = command("train", tiny, "--lr", "1e30")
    assert code == 1
    said = re.match(r"error: the loss became NaN or infinite at step (\d+) ", err)
    assert said
    assert len(updates) == int(said[1]) - 1
    assert "of epoch 1, where the learning rate is" in err
    assert err.endswith("use a lower `--lr`\n")
    assert not (tmp_path / "runs" / "tiny-1" / "last.pt").exists()


def test_in_a_resumed_run_a_lower_lr_needs_a_new_one(
    tiny: Path, tmp_path: Path, command: Command
) -> None:
    command("train", tiny, "--epochs", 1)
    run = tmp_path / "runs/tiny-1"
    values = torch.load(run / "last.pt", weights_only=True)
    values["model"]["4.weight"].fill_(1e38)
    torch.save(values, run / "last.pt")
    code, _, err = command("train", "--resume", run, "--epochs", 2)
    assert code == 1
    hint = re.search(
        r"start a new run with a lower `--lr`, .* and `(--weights \S+)`", err
    )
    assert hint, err
    code, _, err = command("train", tiny, *hint[1].split(), "--lr", "0.001")
    assert (code, err) == (0, "")


def test_a_run_that_only_guesses_says_so(tiny: Path, command: Command) -> None:
    code, _, err = command("train", tiny, "--lr", "1e-9", "--epochs", 1)
    assert code == 0
    assert re.fullmatch(
        r"warning: the best validation accuracy, 0\.\d+, is that of guessing one of 10 classes: "
        r"train longer, or with another `--lr`\n",
        err,
    )


def test_the_loss_of_an_evaluation_is_cross_entropy_alone(
    tiny: Path, tmp_path: Path, command: Command
) -> None:
    """The weights hardly change, so that only the loss can."""
    for smoothing in (0.0, 0.5):
        loss = f"cross_entropy(label_smoothing={smoothing})"
        command("train", tiny, "--lr", "1e-9", "--epochs", 1, "--loss", loss)
    plain, smooth = (rows(tmp_path / f"runs/tiny-{number}")[0] for number in (1, 2))
    assert plain["val_loss"] == pytest.approx(smooth["val_loss"], rel=1e-5)
    assert plain["train_loss"] != pytest.approx(smooth["train_loss"], rel=1e-5)


def test_the_average_of_a_short_run_is_no_initial_network(
    tiny: Path, tmp_path: Path, command: Command
) -> None:
    """Without a warm-up, 0.999 leaves 96 % of the initial weights after 44 steps."""
    accuracies = []
    for flags in ([], ["--ema", "0.999"]):
        command("train", tiny, "--epochs", 4, *flags)
        accuracies.append(
            rows(tmp_path / f"runs/tiny-{len(accuracies) + 1}")[-1]["val_accuracy"]
        )
    assert accuracies[1] > 0.8 * accuracies[0]


@pytest.mark.slow
def test_who_stops_reading_stops_the_run(tiny: Path, tmp_path: Path) -> None:
    """`archspec train tiny.yaml | head -1`."""
    code = "from archspec.cli.main import main; main()"
    command = f'"{sys.executable}" -c "{code}" train {tiny} --epochs 500 | head -1'
    done = subprocess.run(
        ["bash", "-o", "pipefail", "-c", command],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 141
    assert done.stdout.count("\n") == 1
    goes_on = "stopped: `archspec train --resume runs/tiny-1` continues from here\n"
    assert done.stderr == goes_on
    assert torch.load(tmp_path / "runs/tiny-1/last.pt", weights_only=True)["epoch"] < 9


@pytest.mark.slow
def test_who_stops_reading_at_the_end_learns_where_the_run_is(
    tiny: Path, tmp_path: Path
) -> None:
    command = [sys.executable, "-m", "archspec", "train", tiny, "--epochs", "1", "-q"]
    process = subprocess.Popen(
        command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    process.stdout.close()  # type: ignore[union-attr]
    _, err = process.communicate()
    assert (process.returncode, err) == (141, "done: the run is in `runs/tiny-1`\n")
    assert torch.load(tmp_path / "runs/tiny-1/last.pt", weights_only=True)["epoch"] == 1


def test_an_out_that_cannot_be_written_is_named(
    tiny: Path, tmp_path: Path, command: Command
) -> None:
    (tmp_path / "file").write_text("")
    code, _, err = command("train", tiny, "--out", "file")
    assert code == 1
    assert err == (
        "error: cannot make a run directory in `file` (file exists): "
        "use `--out DIR` to make it elsewhere\n"
    )


@pytest.mark.parametrize("door", [("train", "--resume"), ("evaluate",)])
def test_a_directory_that_is_no_run_is_named(
    door: tuple[str, ...], tmp_path: Path, command: Command
) -> None:
    problems = {
        tmp_path: "is not a run directory (`config.json` is missing)",
        tmp_path / "nowhere": "does not exist",
    }
    for path, problem in problems.items():
        code, _, err = command(*door, path)
        assert code == 2
        assert err.startswith(f"error: `{path}` {problem}: name a run")


@pytest.mark.parametrize("flags", [("--batch-size", 1), ("--accumulate", 64)])
def test_batch_norm_of_one_image_is_one_sentence(
    flags: tuple[object, ...], tmp_path: Path, command: Command
) -> None:
    path = tmp_path / "norm.yaml"
    path.write_text("archspec: 1\ninput: 1x8x8\nnet: [flatten | linear(10) | bn]\n")
    code, _, err = command("train", path, *flags, "--epochs", 1)
    if flags == ("--accumulate", 64):  # a part has two images at least
        assert code == 0
    else:
        assert code == 1
        assert err.startswith("error: batch norm needs more than one image at once")


def test_without_a_spec_or_a_run_the_usage_is_wrong(command: Command) -> None:
    code, _, err = command("train", "--epochs", 1)
    assert code == 2
    assert "name a SPEC" in err


@pytest.mark.parametrize(
    "arguments", [("--data", "x"), ("--epochs", 0), ("--device", "x"), ("--lr", "x")]
)
def test_a_flag_with_a_wrong_value_is_wrong_usage(
    arguments: tuple[object, ...], tiny: Path, command: Command
) -> None:
    code, out, err = command("train", tiny, *arguments)
    assert (code, out) == (2, "")
    assert str(arguments[0]) in err


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a CUDA device")
def test_a_device_that_is_not_there_is_named(tiny: Path, command: Command) -> None:
    code, _, err = command("train", tiny, "--device", "cuda")
    assert code == 2
    assert err == "error: this machine has no `cuda` device: use `--device cpu`\n"
