"""Nothing is lost: runs that are stopped, killed or damaged go on."""

from __future__ import annotations

import json
import shutil
import signal
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from random import Random

import pytest
import torch

from processes import Processes, at_step

from .files import write_folder
from .made import start_on_folders
from .runs import assert_same_weights, losses, rows, wait_for_change

Command = Callable[..., tuple[int, str, str]]


OFTEN = "import archspec.training.due_actions as actions; actions.SAVE_INTERVAL = 0.0"
RECIPE = ["--ema", 0.9, "--accumulate", 2, "--augment", "crop(8, padding=1) | hflip"]
OLD = sorted((Path(__file__).parents[1] / "runs/versions").iterdir())


@pytest.mark.parametrize(
    "seed", [7, *(pytest.param(n, marks=pytest.mark.slow) for n in range(10))]
)
def test_a_run_killed_at_any_moment_ends_as_if_it_had_not_been(
    seed: int, tiny: Path, tmp_path: Path
) -> None:
    """It is killed again and again while it computes, evaluates and writes."""
    train = ["train", tiny, "--epochs", 3, "--batch-size", 60, *RECIPE, "--out"]
    seconds = run_whole([*train, "whole"], tmp_path / "whole/tiny-1")
    run = tmp_path / "killed/tiny-1"
    assert kill_at_times([*train, "killed"], run, moments(seed, seconds)) >= 1
    assert_equal_runs(run, tmp_path / "whole/tiny-1")


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(10))
@pytest.mark.parametrize("old", OLD, ids=lambda path: path.name)
def test_so_does_a_run_that_another_version_began(
    old: Path, seed: int, tmp_path: Path
) -> None:
    whole, run = (
        shutil.copytree(old / "tiny-1", tmp_path / name / "tiny-1")
        for name in ("whole", "killed")
    )
    more = ["--epochs", 9]
    seconds = run_whole(["train", "--resume", whole, *more], whole)
    delays = moments(seed, seconds)
    assert kill_at_times(["train", "--resume", run, *more], run, delays) >= 1
    assert_equal_runs(run, whole)


def moments(seed: int, seconds: float) -> list[float]:
    """How long after a checkpoint a run is killed that takes so many seconds after one.

    The first kill comes within the first fifth, whatever the speed of the machine.
    """
    random = Random(seed)
    return [random.uniform(0, seconds / 5) for _ in range(4)]


def run_whole(arguments: list[object], run: Path) -> float:
    """Train to the end; seconds from the first checkpoint on."""
    process = Processes(1, *arguments, folder=run.parents[1], before=OFTEN)
    wait_for_change(run / "last.pt", process.processes[0].is_alive)
    start = time.perf_counter()
    (ended,) = process.end()
    assert (ended.code, ended.err) == (0, "")
    return time.perf_counter() - start


def kill_at_times(arguments: list[object], run: Path, delays: Sequence[float]) -> int:
    """Kill a run after each of these delays and resume it, until it ends; count the kills."""
    kills = 0
    process = Processes(1, *arguments, folder=run.parents[1], before=OFTEN)
    for delay in delays:
        wait_for_change(run / "last.pt", process.processes[0].is_alive)
        time.sleep(delay)
        process.processes[0].kill()
        (ended,) = process.end()
        if ended.code != -signal.SIGKILL:
            break
        kills += 1
        again = arguments if "--resume" in arguments else ["train", "--resume", run]
        process = Processes(1, *again, folder=run.parents[1], before=OFTEN)
    else:
        (ended,) = process.end()
    assert (ended.code, ended.err) == (0, "")
    return kills


def assert_equal_runs(run: Path, whole: Path) -> None:
    for name in ("last.pt", "best.pt"):
        assert_same_weights(run, whole, name)
    assert losses(run) == losses(whole)
    assert list(run.glob(".*")) == []
    assert not (run / "previous.pt").exists()


# Code for `before`: whatever started the tests, `nohup` is not around the run.
HEARD = "import signal; signal.signal(signal.SIGHUP, signal.SIG_DFL)"


@pytest.mark.parametrize(
    ("number", "recipe"),
    [
        (signal.SIGINT, ["--ema", 0.9]),
        (signal.SIGTERM, ["--precision", 16, "--optimizer", "adam(lr=0.002)"]),
        (signal.SIGHUP, ["--accumulate", 2]),
    ],
)
def test_a_signal_saves_and_ends_with_one_line(
    number: signal.Signals, recipe: list[object], tiny: Path, tmp_path: Path
) -> None:
    """Within an epoch too, and the steps that are done count."""
    flags = ["--epochs", 3, "--batch-size", 32, *recipe]
    (ended,) = Processes(
        1, "train", tiny, *flags, "--out", "whole", folder=tmp_path
    ).end()
    assert ended.code == 0
    run = tmp_path / "runs/tiny-1"
    arguments = ["train", tiny, *flags]
    before = HEARD + at_step(51, number)
    process = Processes(1, *arguments, folder=tmp_path, before=before)
    (ended,) = process.end()
    assert ended.code == 128 + number
    assert ended.err == (
        "stopped: `archspec train --resume runs/tiny-1` continues from here\n"
    )
    assert list(run.glob(".*")) == []
    checkpoint = torch.load(run / "last.pt", weights_only=True)
    assert (checkpoint["epoch"], checkpoint["step"]) == (1, 11)  # 41 in an epoch
    (ended,) = Processes(1, "train", "--resume", run, folder=tmp_path).end()
    assert (ended.code, ended.err) == (0, "")
    assert losses(run) == losses(tmp_path / "whole/tiny-1")
    assert_same_weights(run, tmp_path / "whole/tiny-1")


def test_under_nohup_a_run_outlives_its_terminal(tiny: Path, tmp_path: Path) -> None:
    before = "import signal; signal.signal(signal.SIGHUP, signal.SIG_IGN)"
    before += at_step(5, signal.SIGHUP)
    (ended,) = Processes(1, "train", tiny, folder=tmp_path, before=before).end()
    assert (ended.code, ended.err) == (0, "")


def test_a_signal_while_it_evaluates_saves_too(tiny: Path, tmp_path: Path) -> None:
    flags = ["train", tiny, "--epochs", 2, "--out"]
    (ended,) = Processes(1, *flags, "whole", folder=tmp_path).end()
    (ended,) = Processes(1, *flags, "cut", folder=tmp_path, before=KILLED).end()
    assert ended.code == 143
    run = tmp_path / "cut/tiny-1"
    assert torch.load(run / "last.pt", weights_only=True)["step"] == 21
    (ended,) = Processes(1, "train", "--resume", run, folder=tmp_path).end()
    assert ended.code == 0
    assert losses(run) == losses(tmp_path / "whole/tiny-1")
    assert_same_weights(run, tmp_path / "whole/tiny-1")


KILLED = """
import os, signal
from archspec.training.evaluation_loop import EvaluationLoop
evaluate = EvaluationLoop.__call__
def killed(*arguments):
    os.kill(os.getpid(), signal.SIGTERM)
    return evaluate(*arguments)
EvaluationLoop.__call__ = killed
"""


def test_a_run_killed_before_its_first_epoch_ended_starts_again(
    tiny: Path, tmp_path: Path, command: Command
) -> None:
    command("train", tiny)
    run = tmp_path / "runs" / "tiny-1"
    before = losses(run)
    for name in ("last.pt", "best.pt", "metrics.jsonl"):
        (run / name).unlink()
    assert command("train", tiny, "--resume", run)[0] == 0
    assert losses(run) == before


def test_a_run_that_is_done_can_be_made_longer(
    tiny: Path, tmp_path: Path, command: Command
) -> None:
    tiny.write_text(tiny.read_text().replace("cosine(warmup=0.5)", "constant"))
    command("train", tiny, "--epochs", 3)
    command("train", tiny, "--epochs", 1)
    long, short = (tmp_path / "runs" / f"tiny-{n}" for n in (1, 2))
    code, _, err = command("train", tiny, "--epochs", 3, "--resume", short)
    assert (code, err) == (0, "")
    assert_same_weights(long, short)
    assert json.loads((short / "config.json").read_text())["epochs"] == 3


def test_images_in_folders_train_and_resume_bit_for_bit(
    tiny: Path, tmp_path: Path, command: Command
) -> None:
    tiny.write_text(tiny.read_text().replace("cosine(warmup=0.5)", "constant"))
    for split in ("train", "val"):
        write_folder(tmp_path / "images", split, ("dark", "light"), 9)
    arguments = ["train", tiny, "--data=folder", "--data-root=images", "--batch-size=4"]
    arguments += ["--input=3x8x8", "--set=classes=2"]
    for epochs in (3, 2):
        assert command(*arguments, f"--epochs={epochs}")[0] == 0
    whole, resumed = (tmp_path / "runs" / f"tiny-{n}" for n in (1, 2))
    assert command("train", "--resume", resumed, "--epochs", 3)[0] == 0
    assert_same_weights(whole, resumed)


@pytest.mark.parametrize("damage", [b"", b"no checkpoint", None])
def test_checkpoints_that_are_all_damaged_are_named(
    damage: bytes | None, tiny: Path, tmp_path: Path, command: Command
) -> None:
    command("train", tiny, "--epochs", 1)
    run = tmp_path / "runs" / "tiny-1"
    for name, arguments, way_out in (
        (
            "best.pt",
            ["evaluate", run],
            f"`archspec train --resume {run}` sets it aside",
        ),
        (
            "last.pt",
            ["train", "--resume", run],
            "and no other one is valid: restore the files of the run, or start a new run",
        ),
    ):
        path = run / name
        path.write_bytes(path.read_bytes()[:-5000] if damage is None else damage)
        code, _, err = command(*arguments)
        assert code == 1
        assert err.startswith(
            f"error: `{path}` is not a complete checkpoint of `archspec train`"
        )
        assert way_out in err
        assert path.exists()


@pytest.mark.parametrize(
    "damage", ["truncated", "foreign", "of another spec", "of another seed"]
)
def test_from_a_damaged_checkpoint_a_run_goes_back_to_the_one_before(
    damage: str, tiny: Path, tmp_path: Path, command: Command
) -> None:
    tiny.write_text(tiny.read_text().replace("cosine(warmup=0.5)", "constant"))
    command("train", tiny, "--epochs", 3, "--out", "whole")
    command("train", tiny, "--epochs", 1)
    run = tmp_path / "runs/tiny-1"
    last, previous = run / "last.pt", run / "previous.pt"
    shutil.copy(last, previous)
    if damage == "truncated":
        last.write_bytes(last.read_bytes()[:-5000])
    elif damage == "foreign":
        torch.save({"state_dict": {"weight": torch.zeros(3)}}, last)
    elif damage == "of another seed":
        command("train", tiny, "--epochs", 1, "--seed", 1)
        shutil.copy(tmp_path / "runs/tiny-2/last.pt", last)
    else:
        checkpoint = torch.load(last, weights_only=True)
        torch.save(checkpoint | {"spec": "archspec: 1"}, last)
    found = last.read_bytes()
    code, _, err = command("train", "--resume", run, "--epochs", 3)
    assert code == 0
    assert err.startswith(f"warning: `{last}` ")
    assert err.endswith(
        f": it is now `{run / 'last.damaged.pt'}`, and the run resumes from `{previous}`\n"
    )
    assert (run / "last.damaged.pt").read_bytes() == found
    assert_same_weights(run, tmp_path / "whole/tiny-1")


def test_a_run_goes_on_from_the_checkpoint_that_has_come_furthest(
    tiny: Path, tmp_path: Path, command: Command
) -> None:
    """As after a kill between the writing of `best.pt` and that of `last.pt`."""
    tiny.write_text(tiny.read_text().replace("cosine(warmup=0.5)", "constant"))
    for epochs in (3, 2, 1):
        command("train", tiny, "--epochs", epochs)
    whole, two, one = (tmp_path / f"runs/tiny-{n}" for n in (1, 2, 3))
    shutil.copy(two / "last.pt", one / "best.pt")
    code, _, err = command("train", "--resume", one, "--epochs", 3)
    assert (code, err) == (0, "")
    assert_same_weights(whole, one)
    assert_same_weights(whole, one, "best.pt")


@pytest.mark.parametrize("best", [1, 2])
def test_a_best_checkpoint_that_has_gone_is_written_again_or_missed(
    best: int, tiny: Path, tmp_path: Path, command: Command
) -> None:
    assert command("train", tiny, "--epochs", 2)[0] == 0
    run = tmp_path / "runs/tiny-1"
    checkpoint = torch.load(run / "last.pt", weights_only=True)
    for row in checkpoint["metrics"]:
        row["val_accuracy"] = float(row["epoch"] == best)
    torch.save(checkpoint, run / "last.pt")
    (run / "best.pt").unlink()
    code, _, err = command("train", "--resume", run)
    assert code == 0
    if best == 2:  # the last
        assert err == ""
        assert_same_weights(run, run, "best.pt")
    else:
        assert err == "warning: the weights of epoch 1, the best so far, are lost\n"
        code, _, err = command("evaluate", run)
        assert code == 1
        assert err.startswith(f"error: the checkpoint `{run / 'best.pt'}` is missing")


def test_the_best_checkpoint_of_another_run_is_not_evaluated(
    tiny: Path, tmp_path: Path, command: Command
) -> None:
    for seed in (0, 1):
        command("train", tiny, "--epochs", 1, "--seed", seed)
    run, other = (tmp_path / f"runs/tiny-{n}" for n in (1, 2))
    shutil.copy(other / "best.pt", run / "best.pt")
    code, _, err = command("evaluate", run)
    assert code == 1
    assert (
        err
        == f"error: `{run / 'best.pt'}` belongs to another run than the files next to it: "
        "`seed` differs\n"
    )


@pytest.mark.parametrize(
    ("name", "old", "new", "what"),
    [
        ("spec.yaml", "dropout(0.1)", "dropout(0.2)", "`6` is changed (p 0.1 -> 0.2)"),
        ("config.json", '"seed": 0', '"seed": 5', "`seed` differs"),
    ],
)
def test_files_that_no_longer_fit_the_checkpoints_lose_none(
    name: str,
    old: str,
    new: str,
    what: str,
    tiny: Path,
    tmp_path: Path,
    command: Command,
) -> None:
    command("train", tiny, "--epochs", 1)
    run = tmp_path / "runs/tiny-1"
    text = (run / name).read_text()
    (run / name).write_text(text.replace(old, new))
    code, _, err = command("train", "--resume", run, "--epochs", 2)
    assert code == 1
    assert err.startswith(
        f"error: `{run / 'last.pt'}` belongs to another run ({what}), and no other"
    )
    (run / name).write_text(text)
    assert command("train", "--resume", run, "--epochs", 2)[0] == 0
    (run / name).unlink()
    code, _, err = command("train", "--resume", run, "--epochs", 3)
    assert code == (2 if name == "config.json" else 1)
    assert err.startswith(
        f"error: cannot read `{run / name}`"
        if name == "spec.yaml"
        else f"error: `{run}` is not a run directory"
    )


def test_without_any_checkpoint_but_the_best_a_run_goes_on_from_that(
    tiny: Path, tmp_path: Path, command: Command
) -> None:
    tiny.write_text(tiny.read_text().replace("cosine(warmup=0.5)", "constant"))
    command("train", tiny, "--epochs", 2, "--out", "whole")
    command("train", tiny, "--epochs", 1)
    run = tmp_path / "runs/tiny-1"
    (run / "last.pt").unlink()
    assert command("train", "--resume", run, "--epochs", 2)[0] == 0
    assert_same_weights(run, tmp_path / "whole/tiny-1")


@pytest.mark.parametrize(
    ("split", "use"), [("train", "to train with"), ("val", "for validation")]
)
def test_a_data_set_that_has_shrunk_is_named(
    split: str, use: str, tiny: Path, tmp_path: Path, command: Command
) -> None:
    for each in ("train", "val"):
        write_folder(tmp_path / "images", each, ("dark", "light"), 9)
    flags = ["--data=folder", "--data-root=images", "--batch-size=4", "--epochs=1"]
    assert command("train", tiny, *flags, "--set=classes=2")[0] == 0
    (tmp_path / f"images/{split}/dark/3.png").unlink()
    before = (tmp_path / "runs/tiny-1/last.pt").read_bytes()
    code, _, err = command("train", "--resume", "runs/tiny-1", "--epochs", 2)
    assert code == 1
    assert err == (
        f"error: the run began with 18 images {use}, and `folder` under "
        f"`{tmp_path / 'images'}` has 17 now: use `--data-root DIR` if they are "
        "elsewhere, or start a new run\n"
    )
    assert (tmp_path / "runs/tiny-1/last.pt").read_bytes() == before


def test_a_run_that_goes_on_elsewhere_is_left_alone(
    tiny: Path, tmp_path: Path, command: Command
) -> None:
    process, run = start_on_folders(tiny, tmp_path)
    code, _, err = command("train", "--resume", run)
    assert code == 1
    assert err == (
        f"error: another process is training `{run}`: wait for it, or stop it first\n"
    )
    process.processes[0].kill()
    process.end()
    assert command("train", "--resume", run, "--epochs", len(rows(run)))[0] == 0


def test_a_damaged_config_is_named(
    tiny: Path, tmp_path: Path, command: Command
) -> None:
    command("train", tiny, "--epochs", 1)
    run = tmp_path / "runs" / "tiny-1"
    for text in ("{", "[]", '{"input": "1x8x8"}', ""):
        (run / "config.json").write_text(text)
        code, _, err = command("train", "--resume", run)
        assert code == 1
        assert err.startswith("error: ")
        assert str(run) in err
        assert err.count("\n") == 1


def test_a_resumed_run_keeps_its_network(
    tiny: Path, tmp_path: Path, command: Command
) -> None:
    command("train", tiny, "--epochs", 1)
    run = tmp_path / "runs" / "tiny-1"
    code, _, err = command("train", tiny, "--set", "act=tanh", "--resume", run)
    assert code == 2
    assert "began with another network" in err
    assert "`2` is changed (op relu -> tanh)" in err
    code, _, err = command("train", tiny, "--batch-size", 5, "--resume", run)
    assert code == 2
    assert (
        "began with `--batch-size 64` and cannot continue with `--batch-size 5`:" in err
    )


def test_a_full_disk_is_one_sentence_and_the_checkpoint_before_stays(
    tiny: Path, tmp_path: Path, command: Command
) -> None:
    command("train", tiny, "--epochs", 1)
    run = tmp_path / "runs" / "tiny-1"
    size = (run / "last.pt").stat().st_size // 2

    limited = (
        f"import resource; resource.setrlimit(resource.RLIMIT_FSIZE, ({size}, {size}));"
        "import signal; signal.signal(signal.SIGXFSZ, signal.SIG_IGN)"
    )
    arguments = ["train", "--resume", run, "--epochs", "2"]
    (ended,) = Processes(1, *arguments, folder=tmp_path, before=limited).end()
    assert ended.code == 1
    assert ended.err.startswith(f"error: cannot write `{run}")
    assert ended.err.count("\n") == 1
    assert list(run.glob(".*")) == []
    assert command("train", "--resume", run, "--epochs", 2)[0] == 0
