"""Find the images of `folder`: a folder for each class below `train`, `val` and `test`."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple, NoReturn

import torch
from torchvision.datasets.folder import IMG_EXTENSIONS

from archspec.diagnostics.terminal import printable
from archspec.runs.errors import TrainingError, short_message
from archspec.training.data.stratified_split import validation_mask


class ImagePaths(NamedTuple):
    """The paths of images with their labels, and the names of the classes."""

    samples: list[tuple[str, int]]
    classes: tuple[str, ...]


def find_training(root: Path) -> tuple[ImagePaths, ImagePaths]:
    """The images of `train`, and those of `val` or else every tenth of `train`.

    Raises:
        TrainingError: if a folder is missing, or the two have different classes.
    """
    if not (root / "train").is_dir():
        raise TrainingError(
            f"there is no folder `train` in `{root}`: `folder` reads `train/CLASS/` under "
            "`--data-root DIR`, and `val/CLASS/` and `test/CLASS/` if they are there"
        )
    train = _find(root / "train")
    if not (root / "val").is_dir():
        return _split(train, root)
    val = _find(root / "val")
    unmatched = sorted(set(train.classes) ^ set(val.classes))
    if unmatched:
        raise TrainingError(
            f"the class `{unmatched[0]}` is only in one of `{root / 'train'}` and "
            f"`{root / 'val'}`: both need a folder for each class"
        )
    return train, val


def find_test(root: Path) -> ImagePaths | None:
    """The images of `test`, or None if there is no such folder.

    Raises:
        TrainingError: if a class contains no images.
    """
    return _find(root / "test") if (root / "test").is_dir() else None


def _find(folder: Path) -> ImagePaths:
    _, classes, _ = next(_walk(folder))
    if not classes:
        raise TrainingError(
            f"there are no images in `{folder}`: `folder` expects them in "
            f"`{folder.name}/CLASS/`"
        )
    samples = [
        (path, label)
        for label, name in enumerate(classes)
        for path in _image_paths(folder / name)
    ]
    return ImagePaths(samples, tuple(map(printable, classes)))


def _image_paths(folder: Path) -> list[str]:
    """The images of a class, in its folder and the folders below."""
    paths = [
        os.path.join(path, name)  # noqa: PTH118  # fast enough for a million images
        for path, _, names in _walk(folder)
        for name in names
        if name.lower().endswith(IMG_EXTENSIONS)
    ]
    if not paths:
        kinds = ", ".join(f"`{kind}`" for kind in IMG_EXTENSIONS)
        raise TrainingError(
            f"there are no images in `{folder}`, which stands for a class: add some "
            f"({kinds}), or remove the folder"
        )
    return paths


def _walk(folder: Path) -> Iterator[tuple[str, list[str], list[str]]]:
    """Like `os.walk`, sorted, through symbolic links, without hidden files."""
    for path, folders, names in os.walk(folder, onerror=_refuse, followlinks=True):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in folders:
            _check_link(Path(path, name))
        yield path, folders, sorted(name for name in names if not name.startswith("."))


def _check_link(folder: Path) -> None:
    """Reject a link to a folder that contains it, which makes the walk endless."""
    if folder.is_symlink() and folder.parent.resolve().is_relative_to(folder.resolve()):
        raise TrainingError(
            f"the link `{folder}` leads back to where it lies: remove it"
        )


def _refuse(error: OSError) -> NoReturn:
    raise TrainingError(
        f"cannot read `{error.filename}`: {short_message(error)}"
    ) from error


def _split(found: ImagePaths, root: Path) -> tuple[ImagePaths, ImagePaths]:
    """Hold out validation images from the training images."""
    mask = validation_mask(
        torch.tensor([label for _, label in found.samples]),
        found.classes,
        f"add images to `{root / 'train'}`, or give validation its own in `{root / 'val'}`",
    )
    splits: tuple[list[tuple[str, int]], ...] = ([], [])
    for sample, is_val in zip(found.samples, mask.tolist(), strict=True):
        splits[is_val].append(sample)
    train, val = (ImagePaths(samples, found.classes) for samples in splits)
    return train, val
