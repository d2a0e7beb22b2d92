"""`--skip-unreadable N`: files that cannot be decoded, of which a run tolerates N."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from archspec import load
from archspec.settings.settings import Settings
from archspec.training.data.build_loaders import build_training_loaders
from archspec.training.data.image_reading import ImageReading
from archspec.training.distributed.world import World
from processes import Processes, at_step
from tiny_runs import Outcome

from .files import error_of, write_folder, write_folders
from .runs import assert_same_weights

Command = Callable[..., Outcome]

FLAGS = ("--data=folder", "--data-root=images", "--batch-size=4", "--set=classes=2")


def break_images(root: Path, *names: str) -> list[Path]:
    """Cut off the end of image files."""
    paths = [root / name for name in names]
    for path in paths:
        path.write_bytes(path.read_bytes()[:40])
    return paths


def read_labels(root: Path, tiny: Path, allowed: int) -> tuple[list[int], ImageReading]:
    """The labels of all training images, read three times, after a look at each class."""
    settings = Settings(
        data="folder", data_root=root, batch_size=4, skip_unreadable=allowed
    )
    reading = ImageReading(settings.skip_unreadable)
    spec = load(tiny, classes=2, input="3x8x8")
    loader, _ = build_training_loaders(settings, spec, World(), reading)
    loader.statistics()
    labels = []
    for epoch in (1, 2, 3):
        for batch in loader.batches(epoch):
            is_light = batch.images[:, 0].double().mean((1, 2)) > 90
            assert torch.equal(is_light.long(), batch.labels)
            labels += batch.labels.tolist()
    return labels, reading


def test_an_image_of_the_same_class_is_read_instead(tiny: Path, tmp_path: Path) -> None:
    write_folders(tmp_path, train=6, val=2)
    names = ("train/dark/0.png", "train/dark/5.png", "train/light/5.png")
    paths = break_images(tmp_path, *names)
    labels, reading = read_labels(tmp_path, tiny, 3)
    assert sorted(labels) == [0] * 18 + [1] * 18
    assert sorted(reading.unreadable) == sorted(map(str, paths))
    for path in paths:
        assert f"\n  cannot read the image `{path}`: " in reading.warning()
    assert reading.warning().startswith("skipped 3 unreadable files:\n")


@pytest.mark.parametrize(
    ("allowed", "words"),
    [
        (0, ": `archspec train --skip-unreadable N` skips up to N such files"),
        (1, ": 2 files are unreadable, more than `--skip-unreadable 1` allows"),
    ],
)
def test_more_than_are_allowed_are_an_error(
    allowed: int, words: str, tiny: Path, tmp_path: Path
) -> None:
    write_folders(tmp_path, train=6, val=2)
    break_images(tmp_path, "train/dark/0.png", "train/light/5.png")
    sentence = error_of(lambda: read_labels(tmp_path, tiny, allowed))
    assert sentence.startswith("cannot read the image `")
    assert sentence.endswith(words)


def test_a_class_without_a_readable_image_is_an_error(
    tiny: Path, tmp_path: Path
) -> None:
    write_folders(tmp_path, train=2, val=2)
    break_images(tmp_path, "train/dark/0.png", "train/dark/1.png")
    sentence = error_of(lambda: read_labels(tmp_path, tiny, 9))
    assert sentence.startswith("no image of the class `dark` in the split")


@pytest.mark.slow
def test_all_splits_count_and_the_end_lists_them(
    tiny: Path, tmp_path: Path, command: Command
) -> None:
    images = tmp_path / "images"
    write_folders(images, train=6, val=3)
    write_folder(images, "test", ("dark", "light"), 3)
    names = [f"{split}/dark/1.png" for split in ("train", "val", "test")]
    break_images(images, *names)
    flags = (*FLAGS, "--epochs=2")
    code, _, err = command("train", tiny, *flags, "--skip-unreadable=2")
    assert code == 1
    assert err.endswith(
        "3 files are unreadable, more than `--skip-unreadable 2` allows\n"
    )
    run = tmp_path / "runs/tiny-1"
    code, _, err = command("train", "--resume", run, "--skip-unreadable=3")
    assert code == 0
    assert err.startswith(
        "warning: skipped 3 unreadable files:\n  cannot read the image"
    )
    for name in names:
        assert err.count(name) == 1
    code, _, err = command("evaluate", run)
    assert code == 0
    assert err.startswith("warning: skipped 1 unreadable file:\n")


def test_a_run_that_skips_resumes_bit_for_bit(tiny: Path, tmp_path: Path) -> None:
    images = tmp_path / "images"
    write_folders(images, train=12, val=3)
    break_images(images, "train/dark/3.png", "train/light/11.png")
    arguments = (tiny, *FLAGS, "--epochs=2", "--skip-unreadable=2")
    for before, out in (("", "whole"), (at_step(8, 15), "stopped")):
        run = Processes(
            1, "train", *arguments, f"--out={out}", folder=tmp_path, before=before
        )
        (ended,) = run.end()
        assert ended.code == (143 if before else 0), ended.err
    (ended,) = Processes(
        1, "train", "--resume", "stopped/tiny-1", folder=tmp_path
    ).end()
    assert ended.code == 0, ended.err
    assert_same_weights(tmp_path / "whole/tiny-1", tmp_path / "stopped/tiny-1")


@pytest.mark.parametrize(("allowed", "code"), [(1, 1), (2, 0)])
def test_the_files_of_all_processes_count(
    allowed: int, code: int, tiny: Path, tmp_path: Path
) -> None:
    images = tmp_path / "images"
    write_folders(images, train=6, val=4)
    break_images(images, "val/dark/0.png", "val/dark/1.png")  # one for each process
    arguments = (tiny, *FLAGS, "--epochs=1", f"--skip-unreadable={allowed}")
    ended = Processes(2, "train", *arguments, folder=tmp_path).end()
    assert ended[0].code == code, ended
    assert "2 unreadable files" in ended[0].err or "2 files are unread" in ended[0].err
    assert ended[1].err == ""


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="FIFOs are of POSIX")
def test_a_fifo_that_comes_later_ends_the_run(tiny: Path, tmp_path: Path) -> None:
    images = tmp_path / "images"
    write_folders(images, train=6, val=2)
    before = """
import os
from archspec.training import setup
build = setup.build_training_loaders
def built(*arguments, **options):
    loaders = build(*arguments, **options)
    os.remove("images/train/light/3.png")
    os.mkfifo("images/train/light/3.png")
    return loaders
setup.build_training_loaders = built
"""
    arguments = ("train", tiny, *FLAGS, "--epochs=1")
    (ended,) = Processes(1, *arguments, folder=tmp_path, before=before).end()
    assert ended.code == 1
    assert "light/3.png`: not a regular file: `archspec train --skip" in ended.err
