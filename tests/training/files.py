"""Data sets on disk: folders of images, and torchvision's layout."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import torch
from PIL import Image

from archspec.runs.errors import TrainingError


def error_of(read: Callable[[], object]) -> str:
    """The sentence of the error that ends the reading of images.

    `pytest.raises` would keep the traceback and with it the workers, which those of the
    next test would inherit.
    """
    try:
        read()
    except TrainingError as error:
        return str(error)
    raise AssertionError("no error")


def write_idx(root: Path, images: torch.Tensor, labels: torch.Tensor) -> None:
    """Write a data set as torchvision has it, both parts the same."""
    folder = root / "MNIST" / "raw"
    folder.mkdir(parents=True)
    for part in ("train", "t10k"):
        for kind, values in (("images", images), ("labels", labels)):
            head = bytes([0, 0, 8, values.ndim])
            sizes = b"".join(size.to_bytes(4, "big") for size in values.shape)
            path = folder / f"{part}-{kind}-idx{values.ndim}-ubyte"
            path.write_bytes(head + sizes + values.numpy().tobytes())


def write_folder(root: Path, split: str, classes: tuple[str, ...], count: int) -> None:
    """Write images of several sizes; a class is a brightness."""
    for value, name in enumerate(classes):
        folder = root / split / name
        folder.mkdir(parents=True)
        for number in range(count):
            color = (40 + 170 * value, 100 + number, 20)
            Image.new("RGB", (10 + number, 12), color).save(folder / f"{number}.png")


def write_folders(root: Path, *, train: int, val: int) -> None:
    """Write as many images of a dark and of a light class; none to test."""
    for split, count in (("train", train), ("val", val)):
        write_folder(root, split, ("dark", "light"), count)
