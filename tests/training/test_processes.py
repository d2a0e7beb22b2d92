"""Runs of several processes: the same figures as one, and no mess when one dies."""

from __future__ import annotations

import gzip
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from hashlib import md5
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest
import torch

from processes import Processes, at_step, train

from .files import write_folder, write_idx
from .runs import assert_close, assert_same_weights, losses, rows, wait_for, weights

Command = Callable[..., tuple[int, str, str]]

# No batch norm, no dropout: what it computes does not depend on who else has images.
PLAIN = """\
archspec: 1
name: plain
input: 1x8x8
params: {classes: 10}
net:
  - conv(8, k=3, p=1) | relu | maxpool(2)
  - conv(12, k=3, p=1) | relu | flatten | linear(classes)
train:
  data: digits
  batch_size: 60
  epochs: 2
  optimizer: sgd(lr=0.1, momentum=0.9)
  clip: 1.0
  ema: 0.9
"""


@pytest.fixture
def plain(tmp_path: Path) -> Path:
    """The path of a spec without batch norm and dropout."""
    path = tmp_path / "plain.yaml"
    path.write_text(PLAIN)
    return path


@pytest.mark.parametrize(
    ("size", "strategy"),
    [(2, "ddp"), (2, "fsdp"), pytest.param(3, "ddp", marks=pytest.mark.slow)],
)
def test_processes_train_as_one_with_the_same_batch(
    size: int, strategy: str, plain: Path, tmp_path: Path, command: Command
) -> None:
    assert command("train", plain, "--accumulate", 2)[0] == 0
    flags = ["--accumulate", 2, "--strategy", strategy, "--out", "shared"]
    main, *others = train(size, plain, *flags, folder=tmp_path)
    alone, shared = tmp_path / "runs/plain-1", tmp_path / "shared/plain-1"
    assert_close(alone, shared)
    assert f"{size} processes ({strategy})" in main.out
    assert [other.out for other in others] == [""] * (size - 1)
    assert [path.name for path in (tmp_path / "shared").iterdir()] == ["plain-1"]


def test_in_a_shared_evaluation_every_image_counts_once(
    plain: Path, tmp_path: Path
) -> None:
    train(3, plain, "--epochs", 1, folder=tmp_path)
    (row,) = rows(tmp_path / "runs/plain-1")
    for number, key in ((1284, "train"), (149, "val"), (364, "test")):
        correct = number * row[f"{key}_accuracy"]
        assert correct == pytest.approx(round(correct), abs=1e-9)


@pytest.mark.parametrize(
    ("strategy", "recipe"),
    [
        ("ddp", []),
        ("fsdp", ["--ema", 0.9, "--optimizer", "sgd(lr=0.05)"]),  # which has no state
        pytest.param(
            "fsdp", ["--precision", 16, "--clip", 1.0], marks=pytest.mark.slow
        ),
    ],
)
def test_processes_that_are_stopped_end_as_if_they_had_not_been(
    strategy: str, recipe: list[object], tiny: Path, tmp_path: Path
) -> None:
    """With batch norm, dropout and random changes, and within an epoch."""
    flags = ["--epochs", 2, "--batch-size", 120, "--strategy", strategy, *recipe]
    train(2, tiny, *flags, "--out", "whole", folder=tmp_path)
    run = tmp_path / "cut/tiny-1"
    cut = ["train", tiny, *flags, "--out", "cut"]
    before = at_step(15, signal.SIGTERM)  # 11 in an epoch
    ended = Processes(2, *cut, folder=tmp_path, before=before).end()
    assert [each.code for each in ended] == [143, 143]
    assert ended[0].err == (
        "stopped: `archspec train --resume cut/tiny-1` continues from here\n"
    )
    assert ended[1].err == ""
    assert len(rows(run)) == 1
    train(2, "--resume", "cut/tiny-1", "--strategy", strategy, folder=tmp_path)
    assert losses(run) == losses(tmp_path / "whole/tiny-1")
    assert_same_weights(run, tmp_path / "whole/tiny-1")


def test_a_run_goes_on_with_another_number_of_processes(
    plain: Path, tmp_path: Path, command: Command
) -> None:
    for epochs in (3, 2):
        assert command("train", plain, "--epochs", epochs, "--out", epochs)[0] == 0
    flags = ["--epochs", 3, "--strategy", "fsdp"]
    train(2, "--resume", "2/plain-1", *flags, folder=tmp_path)
    assert_close(tmp_path / "2/plain-1", tmp_path / "3/plain-1")


@pytest.mark.parametrize("victim", [0, pytest.param(1, marks=pytest.mark.slow)])
def test_a_process_that_is_killed_ends_the_run_and_it_can_go_on(
    victim: int, tiny: Path, tmp_path: Path
) -> None:
    flags = ["--epochs", 4, "--batch-size", 40]
    train(2, tiny, *flags, "--out", "whole", folder=tmp_path)
    run = tmp_path / "cut/tiny-1"
    cut = Processes(2, "train", tiny, *flags, "--out", "cut", folder=tmp_path)
    wait_for(run / "metrics.jsonl", cut.processes[0].is_alive, 1)
    cut.processes[victim].kill()
    ended = cut.end()
    assert ended[victim].code == -signal.SIGKILL
    assert ended[1 - victim].code == 1
    said = (
        "error: another process of the run has stopped: `archspec train --resume RUN`"
    )
    assert ended[0].err.startswith(said) == (victim == 1)
    assert ended[1].err == ""
    train(2, "--resume", "cut/tiny-1", folder=tmp_path)
    assert losses(run) == losses(tmp_path / "whole/tiny-1")


# Code for `before`: where torchvision finds MNIST, and what its files must be.
ELSEWHERE = """
from torchvision.datasets import MNIST
MNIST.mirrors, MNIST.resources = ["http://127.0.0.1:{port}/"], {resources}
"""


@contextmanager
def served(folder: Path) -> Iterator[tuple[int, list[str]]]:
    """A server of the files in a folder: its port, and what is fetched from it."""
    asked: list[str] = []

    class Handler(SimpleHTTPRequestHandler):
        def do_GET(self) -> None:
            if self.headers["Method"] != "HEAD":  # torchvision looks for redirections
                asked.append(self.path)
            super().do_GET()

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(
        ("127.0.0.1", 0), partial(Handler, directory=folder)
    ) as server:
        Thread(target=server.serve_forever).start()
        yield server.server_port, asked
        server.shutdown()


def test_one_process_downloads_for_all(plain: Path, tmp_path: Path) -> None:
    images = torch.randint(256, (40, 8, 8), dtype=torch.uint8)
    write_idx(tmp_path, images, (torch.arange(40) % 10).to(torch.uint8))
    raw = tmp_path / "MNIST/raw"
    for path in [*raw.iterdir()]:
        (raw / f"{path.name}.gz").write_bytes(gzip.compress(path.read_bytes()))
        path.unlink()
    resources = [
        (path.name, md5(path.read_bytes()).hexdigest()) for path in raw.iterdir()
    ]
    flags = ["--epochs=1", "--data=mnist", "--data-root=fetched", "--download"]
    with served(raw) as (port, asked):
        before = ELSEWHERE.format(port=port, resources=resources)
        ended = Processes(2, "train", plain, *flags, folder=tmp_path, before=before)
        assert [each.code for each in ended.end()] == [0, 0]
    assert sorted(asked) == sorted(f"/{name}" for name, _ in resources)
    assert len(rows(tmp_path / "runs/plain-1")) == 1


@pytest.mark.parametrize(
    ("flags", "code", "said"),
    [
        (["plain.yaml", "--data=mnist", "--data-root=no"], 1, "`mnist` is not in `no`"),
        (["plain.yaml", "--clip=-1"], 2, "`--clip` expects a number above 0"),
        (["plain.yaml", "--sync-bn"], 1, "`--sync-bn` needs GPUs"),
        (["--resume", "nowhere"], 2, "`nowhere` does not exist"),
    ],
)
def test_what_is_wrong_for_all_is_said_once(
    flags: list[str], code: int, said: str, plain: Path, tmp_path: Path
) -> None:
    assert plain.exists()
    ended = Processes(2, "train", *flags, folder=tmp_path).end()
    assert [each.code for each in ended] == [code, 1]
    assert ended[0].err.startswith(f"error: {said}")
    assert ended[1].err == ""
    assert not (tmp_path / "runs").exists()


def test_what_is_wrong_for_one_ends_all(tiny: Path, tmp_path: Path) -> None:
    """The second process reads the broken image, and says so."""
    write_folder(tmp_path / "images", "train", ("a", "b"), 4)
    write_folder(tmp_path / "images", "val", ("a", "b"), 1)
    (tmp_path / "images/val/b/0.png").write_bytes(b"no image")
    flags = ["--data=folder", "--data-root=images", "--set=classes=2", "--batch-size=4"]
    ended = Processes(2, "train", tiny, *flags, folder=tmp_path).end()
    assert [each.code for each in ended] == [1, 1]
    assert ended[1].err.startswith("error: cannot read the image `images/val/b/0.png`")
    assert ended[1].err.count("\n") == 1
    assert ended[0].err.startswith("error: another process of the run has stopped")


def test_a_loss_that_is_no_number_is_said_once(plain: Path, tmp_path: Path) -> None:
    ended = Processes(2, "train", plain, "--lr", "1e30", folder=tmp_path).end()
    assert [each.code for each in ended] == [1, 1]
    assert "the loss became NaN or infinite at step 2 of epoch 1" in ended[0].err
    assert ended[1].err == ""


@pytest.mark.parametrize("flag", ["--strategy=fsdp", "--sync-bn"])
def test_what_several_processes_share_needs_several(
    flag: str, tiny: Path, command: Command
) -> None:
    code, _, err = command("train", tiny, flag)
    assert code == 2
    assert err.endswith("is for several processes: add `--devices N`\n")


BRANCHES = """\
archspec: 1
name: branches
input: 1x8x8
net:
  - stem: conv(8, k=3, p=1)
  - add:
      - identity
      - path: conv(8, k=3, p=1) | relu | conv(8, k=3, p=1)
  - concat: [identity, "conv(4, k=1)"]
  - global_avgpool | flatten | linear(10)
train: {data: digits, batch_size: 100, epochs: 2, optimizer: adam(lr=0.01), clip: 1.0}
"""


@pytest.mark.parametrize(
    "strategy", [pytest.param("ddp", marks=pytest.mark.slow), "fsdp"]
)
def test_branches_frozen_layers_and_adam_train_as_one(
    strategy: str, tmp_path: Path, command: Command
) -> None:
    path = tmp_path / "branches.yaml"
    path.write_text(BRANCHES)
    flags = ["--freeze", "stem", "--strategy", strategy]
    assert command("train", path, "--freeze", "stem")[0] == 0
    train(2, path, *flags, "--out", "shared", folder=tmp_path)
    assert_close(tmp_path / "runs/branches-1", tmp_path / "shared/branches-1")
    resumed = ["--resume", "shared/branches-1", "--epochs", 3, "--strategy"]
    train(2, *resumed, "ddp" if strategy == "fsdp" else "fsdp", folder=tmp_path)
    command("train", "--resume", "runs/branches-1", "--epochs", 3)
    assert_close(tmp_path / "runs/branches-1", tmp_path / "shared/branches-1")


def test_a_process_may_have_no_image_of_a_step_that_evaluates(
    tiny: Path, tmp_path: Path
) -> None:
    """Two images for validation, and three processes."""
    write_idx(tmp_path, torch.randint(256, (12, 28, 28)).byte(), torch.zeros(12).byte())
    flags = ["--data=mnist", "--data-root", tmp_path, "--epochs=1", "--strategy=fsdp"]
    train(3, tiny, *flags, folder=tmp_path)
    (row,) = rows(tmp_path / "runs/tiny-1")
    assert row["val_accuracy"] in (0, 0.5, 1)


def test_machines_with_other_images_are_told_apart(tiny: Path, tmp_path: Path) -> None:
    for rank in (0, 1):
        write_folder(tmp_path / f"images{rank}", "train", ("a", "b"), 9 + rank)
        write_folder(tmp_path / f"images{rank}", "val", ("a", "b"), 2)
    root = "import os; os.environ['ARCHSPEC_DATA'] = 'images' + os.environ['RANK']"
    flags = ["--data=folder", "--set=classes=2"]
    run = Processes(2, "train", tiny, *flags, folder=tmp_path, before=root)
    ended = run.end()
    assert [each.code for each in ended] == [1, 1]
    assert ended[0].err == (
        "error: process 0 has as many images as [18, 4, 0], and process 1 "
        "[20, 4, 0]: all machines need the same files\n"
    )
    assert ended[1].err == ""
    assert not (tmp_path / "runs").exists()


def test_checkpoints_of_parts_are_whole(plain: Path, tmp_path: Path) -> None:
    for strategy in ("ddp", "fsdp"):
        flags = ["--epochs", 1, "--strategy", strategy, "--out", strategy]
        train(2, plain, *flags, folder=tmp_path)
    copies, parts = (weights(tmp_path / name / "plain-1") for name in ("ddp", "fsdp"))
    assert {name: each.shape for name, each in copies.items()} == {
        name: each.shape for name, each in parts.items()
    }
