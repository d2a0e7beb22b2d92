"""Images that processes read from disk: their signals, their errors, their end."""

from __future__ import annotations

import multiprocessing
import os
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

import pytest
import torch

from archspec import load
from archspec.runs.errors import TrainingError
from archspec.settings.settings import Settings
from archspec.training.data.build_loaders import build_training_loaders
from archspec.training.data.input_normalization import measure_statistics
from archspec.training.data.streaming_loader import StreamingLoader
from archspec.training.distributed.world import World
from processes import Processes, children, is_running
from tiny_runs import Outcome

from .files import write_folder, write_folders
from .made import start_on_folders


def open_train(tiny: Path, root: Path) -> StreamingLoader:
    """The training images of two classes."""
    settings = Settings(data="folder", data_root=root, batch_size=4)
    train, _ = build_training_loaders(
        settings, load(tiny, classes=2, input="3x8x8"), World()
    )
    assert isinstance(train, StreamingLoader)
    return train


def assert_ends(process: Processes, run: Path, code: int, words: str) -> None:
    """With one line that begins so; the last checkpoint is whole."""
    (ended,) = process.end()
    assert ended.code == code, ended.err
    assert ended.err.startswith(words)
    assert ended.err.count("\n") == 1
    torch.load(run / "last.pt", weights_only=True)


@pytest.mark.parametrize(
    "number", [signal.SIGTERM, pytest.param(signal.SIGINT, marks=pytest.mark.slow)]
)
def test_a_signal_to_all_processes_of_a_run_saves_it(
    number: signal.Signals, tiny: Path, tmp_path: Path
) -> None:
    process, run = start_on_folders(tiny, tmp_path, "import os; os.setsid()")
    os.killpg(process.processes[0].pid or 0, number)
    assert_ends(process, run, 128 + number, "stopped: `archspec train --resume ")


HANGING = """
import os
from archspec.training import signals
from archspec.training.data import streaming_loader
signals.PATIENCE = 0.5
read_image = streaming_loader.read_image
def read(*arguments):
    if os.path.exists("hang"):
        open("fifo").read()  # as a file on a network that is down
    return read_image(*arguments)
streaming_loader.read_image = read
"""


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_a_run_whose_images_hang_ends_with_all_its_processes(
    number: signal.Signals, tiny: Path, tmp_path: Path
) -> None:
    os.mkfifo(tmp_path / "fifo")
    process, run = start_on_folders(tiny, tmp_path, HANGING)
    pid = process.processes[0].pid
    (tmp_path / "hang").touch()
    time.sleep(2)  # until it has used the batches that were read before
    workers = children(pid)
    assert workers
    os.kill(pid or 0, number)
    if number == signal.SIGKILL:
        assert process.end()[0].code == -number
    else:
        assert_ends(process, run, 128 + number, "stopped without saving, since ")
    time.sleep(0.2)
    assert [each for each in workers if is_running(each)] == []


def test_an_image_that_goes_while_the_run_reads_is_named(
    tiny: Path, tmp_path: Path
) -> None:
    process, run = start_on_folders(tiny, tmp_path)
    (tmp_path / "images/train/light/7.png").unlink()
    assert_ends(process, run, 1, "error: cannot read the image `")


def test_a_test_image_that_cannot_be_read_costs_no_epoch(
    tiny: Path, tmp_path: Path, command: Callable[..., Outcome]
) -> None:
    write_folders(tmp_path / "images", train=9, val=4)
    write_folder(tmp_path / "images", "test", ("dark", "light"), 4)
    image = tmp_path / "images/test/dark/2.png"
    whole = image.read_bytes()
    image.write_bytes(whole[:40])
    flags = ["--data=folder", "--data-root=images", "--batch-size=6", "--epochs=1"]
    code, _, err = command("train", tiny, *flags, "--set=classes=2", "--input=3x8x8")
    assert code == 1
    assert "cannot read the image" in err
    image.write_bytes(whole)
    run = tmp_path / "runs/tiny-1"
    trained = torch.load(run / "last.pt", weights_only=True)["model"]
    assert command("train", "--resume", run).code == 0
    ended = torch.load(run / "last.pt", weights_only=True)["model"]
    torch.testing.assert_close(trained, ended, rtol=0, atol=0)


def test_a_process_that_reads_images_and_dies_is_one_sentence(
    tiny: Path, tmp_path: Path
) -> None:
    process, run = start_on_folders(tiny, tmp_path)
    os.kill(children(process.processes[0].pid)[0], signal.SIGKILL)
    assert_ends(process, run, 1, "error: a data-loader worker crashed")


@pytest.mark.parametrize("error", [ConnectionResetError, EOFError, FileNotFoundError])
def test_so_is_one_that_dies_while_it_hands_images_on(
    error: type[Exception], tiny: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What multiprocessing then says is a matter of the moment."""
    write_folders(tmp_path, train=2, val=2)
    batches = open_train(tiny, tmp_path)
    monkeypatch.setattr("multiprocessing.resource_sharer.DupFd.detach", raising(error))
    with pytest.raises(TrainingError, match="a data-loader worker crashed"):
        list(batches.batches())


def raising(error: type[Exception]) -> Callable[..., NoReturn]:
    """A function that does nothing else."""

    def function(*_: object) -> NoReturn:
        raise error

    return function


def test_an_error_ends_the_processes_that_read_at_once(
    tiny: Path, tmp_path: Path
) -> None:
    write_folders(tmp_path, train=2, val=2)
    (tmp_path / "train/light/0.png").write_bytes(b"no image")
    others = multiprocessing.active_children()
    batches = open_train(tiny, tmp_path)
    sentence = ""
    try:
        for _ in batches.batches():
            assert multiprocessing.active_children() != others
    except TrainingError as error:
        sentence = str(error)
    assert sentence.startswith("cannot read the image ")
    del batches
    assert multiprocessing.active_children() == others


def test_the_images_that_are_measured_are_those_of_training(
    tiny: Path, tmp_path: Path
) -> None:
    write_folders(tmp_path, train=40, val=40)
    batches = open_train(tiny, tmp_path)
    images = torch.cat([batch.images for batch in batches.batches()])
    measured, expected = batches.statistics(), measure_statistics(images)
    assert measured.mean == pytest.approx(expected.mean)
    assert measured.std == pytest.approx(expected.std)


def test_of_many_images_some_from_all_over_are_measured(
    tiny: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("archspec.training.data.streaming_loader.NUM_MEASURED", 8)
    write_folders(tmp_path, train=40, val=40)
    mean, _ = open_train(tiny, tmp_path).statistics()
    assert mean[0] == pytest.approx((40 + 210) / 2 / 255, abs=0.01)


def test_a_broken_image_that_is_measured_is_one_sentence(
    tiny: Path, tmp_path: Path
) -> None:
    write_folders(tmp_path, train=2, val=2)
    (tmp_path / "train/light/0.png").write_bytes(b"no image")
    with pytest.raises(TrainingError) as raised:
        open_train(tiny, tmp_path).statistics()
    assert str(raised.value).startswith("cannot read the image `")
    assert "\n" not in str(raised.value)
