"""Pixels of more than 8 bits: their full scale is decided once, for all of a run."""

from __future__ import annotations

import os
import struct
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from archspec import load
from archspec.runs.errors import TrainingError
from archspec.settings.settings import Settings
from archspec.training.data.build_loaders import build_training_loaders
from archspec.training.data.decoding import read_image
from archspec.training.data.image_reading import ImageReading
from archspec.training.data.streaming_loader import StreamingLoader
from archspec.training.distributed.world import World
from second_cases import rest_slow
from tiny_runs import Outcome

from .files import error_of

Command = Callable[..., Outcome]

GREY = np.array([[0, 64], [128, 255]]) / 255
FLAGS = ("--data=folder", "--data-root=images", "--batch-size=4", "--epochs=1")
FOLDERS = (*FLAGS, "--set=classes=2")


def write(path: Path, values: np.ndarray, dtype: str) -> None:
    """Write an image as a TIFF of any type of numbers, or as another format."""
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(values.astype(dtype)).save(path)


def write_classes(root: Path, scale: float, dtype: str, suffix: str = ".tif") -> None:
    """Write a dark and a light class to train with, and to validate."""
    for split in ("train", "val"):
        for share, name in ((0.25, "dark"), (1.0, "light")):
            for number in range(4):
                values = GREY * share * scale
                write(root / split / name / f"{number}{suffix}", values, dtype)


def open_folders(tiny: Path, root: Path) -> tuple[StreamingLoader, ImageReading]:
    """The training images of two classes, and what is decided about their pixels."""
    reading = ImageReading()
    settings = Settings(data="folder", data_root=root, batch_size=4)
    spec = load(tiny, classes=2, input="1x2x2")
    train, _ = build_training_loaders(settings, spec, World(), reading)
    assert isinstance(train, StreamingLoader)
    return train, reading


WHITE: list[tuple[str, float, str]] = [
    ("uint8", 255, ""),
    ("uint16", 65535, "16-bit files with values up to 65,535 are read as 16 bits"),
    ("uint16", 4095, "16-bit files with values up to 4,095 are read as 12 bits"),
    ("uint16", 1023, "16-bit files with values up to 1,023 are read as 12 bits"),
    ("uint16", 255, "16-bit files with values up to 255 are read as 8 bits"),
    ("int32", 255, "32-bit files with values up to 255 are read as 8 bits"),
    ("int32", 2**20 - 1, "32-bit files with values up to 1,048,575 are read as"),
    (
        "int32",
        2**31 - 1,
        "32-bit files with values up to 2,147,483,647 are read as",
    ),
    ("float32", 1.0, "float files with values up to 1 are read as a range from 0"),
    ("float32", 1.0001, "float files with values up to 1 are read as a range"),
    ("float32", 255, "float files with values up to 255 are read as 8 bits"),
    ("float64", 1.0, "float files with values up to 1 are read as a range from 0"),
]


@pytest.mark.parametrize(
    ("dtype", "scale", "words"),
    [
        pytest.param(*row, marks=[pytest.mark.slow] * bool(number % 3))
        for number, row in enumerate(WHITE)
    ],
)
def test_white_is_found_whatever_the_numbers_are(
    dtype: str, scale: float, words: str, tiny: Path, tmp_path: Path
) -> None:
    suffix = ".png" if dtype in ("uint8", "uint16") else ".tif"
    write_classes(tmp_path, scale, dtype, suffix)
    train, reading = open_folders(tiny, tmp_path)
    mean, _ = train.statistics()
    assert reading.pixels
    assert words in reading.pixels.describe()
    assert bool(reading.pixels.describe()) == bool(words)
    white = 1 if scale != 1023 else 1023 / 4095
    assert mean[0] == pytest.approx(GREY.mean() * 0.625 * white, abs=0.005)
    images = torch.cat([batch.images for batch in train.batches()])
    assert images.max() == round(255 * white)


def test_the_formats_of_16_bits_are_read_alike(tiny: Path, tmp_path: Path) -> None:
    for suffix in (".png", ".tif", ".pgm"):
        write_classes(tmp_path, 4095, "uint16", suffix)
    train, reading = open_folders(tiny, tmp_path)
    train.statistics()
    assert reading.pixels
    assert reading.pixels[:3] == ("16-bit", 4095, 4095)
    assert {batch.images.max().item() for batch in train.batches()} == {255}


def test_8_bits_are_measured_once(
    tiny: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    measure = "archspec.training.data.streaming_loader._PixelRanges"
    monkeypatch.setattr(measure, None)
    write_classes(tmp_path, 255, "uint8")
    open_folders(tiny, tmp_path)[0].statistics()


def write_color_png(path: Path, values: np.ndarray) -> None:
    """Write a PNG with colors of 16 bits, which Pillow cannot write."""
    height, width, _ = values.shape
    rows = b"".join(b"\0" + row.astype(">u2").tobytes() for row in values)
    parts = (
        (b"IHDR", struct.pack(">IIBBBBB", width, height, 16, 2, 0, 0, 0)),
        (b"IDAT", zlib.compress(rows)),
        (b"IEND", b""),
    )
    chunks = (
        struct.pack(">I", len(data))
        + name
        + data
        + struct.pack(">I", zlib.crc32(name + data))
        for name, data in parts
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + b"".join(chunks))


@pytest.mark.parametrize(("scale", "is_read"), [(65535, True), (4095, False)])
def test_colors_of_12_bits_are_one_sentence(
    scale: int, tiny: Path, tmp_path: Path, *, is_read: bool
) -> None:
    """Pillow reads the upper 8 bits of 16, which are nearly black."""
    values = np.repeat(GREY[:, :, None], 3, 2) * scale
    for name in ("a", "b"):
        for number in range(2):
            write_color_png(tmp_path / f"train/{name}/{number}.png", values)
    train, _ = open_folders(tiny, tmp_path)
    if is_read:
        mean, _ = train.statistics()
        assert mean[0] == pytest.approx(GREY.mean(), abs=0.01)
        return
    assert ".png` has colors of 16 bits, and all" in error_of(train.statistics)


@pytest.mark.parametrize(
    ("first", "other"),
    [
        (("uint8", 255), ("uint16", 4095)),
        (("uint16", 4095), ("uint8", 255)),
        (("uint16", 65535), ("float32", 1)),
        (("float32", 1), ("int32", 255)),
    ],
)
@pytest.mark.parametrize("measured", rest_slow([True, False], [True]))
def test_a_mixture_is_one_sentence_with_two_files(
    first: tuple[str, float],
    other: tuple[str, float],
    tiny: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    *,
    measured: bool,
) -> None:
    if not measured:
        monkeypatch.setattr("archspec.training.data.streaming_loader.NUM_MEASURED", 2)
    write_classes(tmp_path, first[1], first[0])
    odd = tmp_path / "train/light/3.tif"
    write(odd, GREY * other[1], other[0])
    train, _ = open_folders(tiny, tmp_path)
    sentence = error_of(lambda: (train.statistics(), *train.batches()))
    assert f"`{odd}`" in sentence
    assert sentence.count(f"`{tmp_path}/train/") == 2
    assert sentence.endswith("convert one of them")
    assert "\n" not in sentence


@pytest.mark.parametrize(
    ("dtype", "scale", "value", "words"),
    [
        ("uint16", 4095, 60_000, "has pixels up to 60,000, and `"),
        ("float32", 1, 17, "has pixels up to 17, and `"),
        ("float32", 1, -1, "has pixels down to -1, and black is 0 as in `"),
        ("int32", 70_000, -400, "has pixels down to -400, and black is 0 as in `"),
    ],
)
def test_a_later_file_that_is_out_of_range_is_named(
    dtype: str, scale: float, value: float, words: str, tiny: Path, tmp_path: Path
) -> None:
    write_classes(tmp_path, scale, dtype)
    train, _ = open_folders(tiny, tmp_path)
    train.statistics()
    odd = tmp_path / "train/light/3.tif"
    write(odd, np.full((2, 2), value), dtype)
    sentence = error_of(lambda: list(train.batches()))
    assert f"`{odd}` {words}{tmp_path}/train/light/" in sentence
    assert "\n" not in sentence


def test_floats_that_are_no_numbers_are_unreadable(tiny: Path, tmp_path: Path) -> None:
    write_classes(tmp_path, 1, "float32")
    write(tmp_path / "train/dark/0.tif", np.full((2, 2), np.nan), "float32")
    train, _ = open_folders(tiny, tmp_path)
    assert "0.tif`: some pixels are not finite" in error_of(train.statistics)


@pytest.mark.parametrize(
    ("dtype", "scale"),
    [("uint16", 4095), pytest.param("float32", 1, marks=pytest.mark.slow)],
)
def test_a_run_keeps_its_scale(
    dtype: str, scale: float, tiny: Path, tmp_path: Path, command: Command
) -> None:
    """The test images alone would ask for another; a part of them is darker."""
    images = tmp_path / "images"
    write_classes(images, scale, dtype)
    write(images / "test/dark/0.tif", GREY * 0.05 * scale, dtype)
    write(images / "test/light/0.tif", GREY * scale, dtype)
    code, out, err = command("train", tiny, *FOLDERS)
    assert (code, err) == (0, "")
    assert out.count(f"pixels: {'16-bit' if scale == 4095 else 'float'} files") == 1
    run = tmp_path / "runs/tiny-1"
    kind, found, largest, example = torch.load(run / "best.pt", weights_only=True)[
        "pixels"
    ]
    assert (found, largest) == (scale, scale)
    assert Path(example).parent.name == "light"
    assert command("train", "--resume", run, "--epochs=2")[::2] == (0, "")
    assert command("evaluate", run)[::2] == (0, "")
    write(tmp_path / "dark.tif", GREY * 0.05 * scale, dtype)
    assert command("predict", run, "dark.tif")[::2] == (0, "")
    write(tmp_path / "8.png", GREY * 255, "uint8")
    code, _, err = command("predict", run, "8.png")
    assert code == 1
    assert f"error: `8.png` has 8-bit pixels, and `{example}` has {kind} pixels" in err


def test_a_run_from_before_divides_16_bits_by_256(
    tiny: Path, tmp_path: Path, command: Command
) -> None:
    write_classes(tmp_path / "images", 255, "uint8")
    assert command("train", tiny, *FOLDERS).code == 0
    run = tmp_path / "runs/tiny-1"
    for path in (run / "best.pt", run / "last.pt"):
        values = torch.load(path, weights_only=True)
        del values["pixels"]
        torch.save(values, path)
    write_classes(tmp_path / "images", 65535, "uint16")
    assert command("evaluate", run)[::2] == (0, "")
    assert command("train", "--resume", run, "--epochs=2")[::2] == (0, "")
    assert torch.load(run / "last.pt", weights_only=True)["pixels"] is None
    pixels = read_image(tmp_path / "images/val/light/0.tif", (1, 2, 2), None)
    assert pixels.flatten().tolist() == [0, 64, 128, 255]


def write_kinds(root: Path) -> None:
    """Write two classes, one file of each type that Pillow decodes."""
    image = Image.fromarray((GREY * 255).astype(np.uint8)).resize((8, 8))
    for name in ("a", "b"):
        (root / "train" / name).mkdir(parents=True)
        for suffix in (".png", ".gif", ".avif", ".jp2", ".jfif"):
            image.convert("RGB").save(root / "train" / name / f"image{suffix}")


def test_every_type_that_can_be_decoded_is_found(tiny: Path, tmp_path: Path) -> None:
    write_kinds(tmp_path)
    train, reading = open_folders(tiny, tmp_path)
    assert train.num_images == 8  # and a tenth of each class, one image, to validate
    assert sum(batch.size for batch in train.batches()) == 8
    assert reading.describe() == []


def test_files_of_other_types_are_counted(tiny: Path, tmp_path: Path) -> None:
    write_classes(tmp_path, 255, "uint8")
    dark = tmp_path / "train/dark"
    for name in ("a.txt", "b.TXT", ".hidden.txt", "labels.csv", "README"):
        (dark / name).touch()
    (dark / "below").mkdir()
    (dark / "below/c.txt").touch()
    _, reading = open_folders(tiny, tmp_path)
    assert reading.describe() == [
        "skipped 5 files: 3 `.txt`, 1 without a suffix, 1 `.csv`"
    ]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="FIFOs are of POSIX")
def test_a_fifo_is_no_image(tiny: Path, tmp_path: Path) -> None:
    write_classes(tmp_path, 255, "uint8")
    os.mkfifo(tmp_path / "train/dark/fifo.png")
    train, reading = open_folders(tiny, tmp_path)
    assert reading.describe() == ["skipped 1 file: 1 not a regular file"]
    assert train.num_images == 8
    train.statistics()


def test_a_link_to_a_missing_image_is_not_skipped(tiny: Path, tmp_path: Path) -> None:
    write_classes(tmp_path, 255, "uint8")
    (tmp_path / "train/dark/4.tif").symlink_to("nowhere.tif")
    train, reading = open_folders(tiny, tmp_path)
    assert reading.describe() == []
    assert "4.tif`: no such file or directory" in error_of(train.statistics)


@pytest.mark.parametrize("name", ["validation", "valid", "dev"])
def test_a_folder_that_looks_like_val_is_named(
    name: str, tiny: Path, tmp_path: Path
) -> None:
    write_classes(tmp_path, 255, "uint8")
    (tmp_path / "val").rename(tmp_path / name)
    _, reading = open_folders(tiny, tmp_path)
    assert reading.describe() == [
        (
            "validation uses every tenth training image: rename "
            f"`{tmp_path / name}` to `val` to use its images"
        )
    ]
    (tmp_path / name).rename(tmp_path / "val")
    (tmp_path / name).mkdir()
    assert open_folders(tiny, tmp_path)[1].describe() == []


def test_so_are_folders_for_training_and_the_test(
    tiny: Path, tmp_path: Path, command: Command
) -> None:
    images = tmp_path / "images"
    write_classes(images, 255, "uint8")
    (images / "testing").mkdir()
    _, out, _ = command("train", tiny, *FOLDERS)
    assert (
        "`images` has no test images: rename `images/testing` to `test` to use its images"
        in out.splitlines()
    )
    (images / "train").rename(images / "training")
    with pytest.raises(TrainingError) as raised:
        open_folders(tiny, images)
    assert str(raised.value) == (
        f"`{images}` has no folder `train`: rename `{images / 'training'}`"
    )
