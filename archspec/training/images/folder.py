"""Images in folders, a folder for each class: found, and split where no one has."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple, NoReturn

import torch
from torchvision.datasets.folder import IMG_EXTENSIONS

from archspec.diagnostics.terminal import printable
from archspec.runs.errors import TrainingError, short_message
from archspec.training.images.split import is_for_validation


class FolderImages(NamedTuple):
    """Paths of images and their labels, and the names of the classes."""

    files: list[tuple[str, int]]
    classes: tuple[str, ...]


def find_training(root: Path) -> tuple[FolderImages, FolderImages]:
    """The images of `train`, and of `val` or else every tenth of each class of `train`.

    Raises:
        TrainingError: if a folder is missing, or the two have not the same classes.
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
    odd = sorted(set(train.classes) ^ set(val.classes))
    if odd:
        raise TrainingError(
            f"the class `{odd[0]}` is only in one of `{root / 'train'}` and "
            f"`{root / 'val'}`: both need a folder for each class"
        )
    return train, val


def find_test(root: Path) -> FolderImages | None:
    """The images of `test`; None if there is no such folder.

    Raises:
        TrainingError: if a class has no images in it.
    """
    return _find(root / "test") if (root / "test").is_dir() else None


def _find(folder: Path) -> FolderImages:
    _, classes, _ = next(_walk(folder))
    if not classes:
        raise TrainingError(
            f"there are no images in `{folder}`: `folder` expects them in "
            f"`{folder.name}/CLASS/`"
        )
    files = [
        (path, label)
        for label, name in enumerate(classes)
        for path in _image_paths(folder / name)
    ]
    return FolderImages(files, tuple(map(printable, classes)))


def _image_paths(folder: Path) -> list[str]:
    """Of a class, in its folder and those below."""
    found = [
        os.path.join(path, name)  # noqa: PTH118  # of a million images
        for path, _, names in _walk(folder)
        for name in names
        if name.lower().endswith(IMG_EXTENSIONS)
    ]
    if not found:
        kinds = ", ".join(f"`{kind}`" for kind in IMG_EXTENSIONS)
        raise TrainingError(
            f"there are no images in `{folder}`, which stands for a class: add some "
            f"({kinds}), or remove the folder"
        )
    return found


def _walk(folder: Path) -> Iterator[tuple[str, list[str], list[str]]]:
    """A folder and those below, with their folders and files, sorted; nothing hidden."""
    for path, folders, names in os.walk(folder, onerror=_refuse, followlinks=True):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in folders:
            _check_link(Path(path, name))
        yield path, folders, sorted(name for name in names if not name.startswith("."))


def _check_link(folder: Path) -> None:
    """Refuse a link to a folder that it lies in: the walk would come by again."""
    if folder.is_symlink() and folder.parent.resolve().is_relative_to(folder.resolve()):
        raise TrainingError(
            f"the link `{folder}` leads back to where it lies: remove it"
        )


def _refuse(error: OSError) -> NoReturn:
    raise TrainingError(
        f"cannot read `{error.filename}`: {short_message(error)}"
    ) from error


def _split(found: FolderImages, root: Path) -> tuple[FolderImages, FolderImages]:
    """Those to train with, and those for validation."""
    is_val = is_for_validation(
        torch.tensor([label for _, label in found.files]),
        found.classes,
        f"add images to `{root / 'train'}`, or give validation its own in `{root / 'val'}`",
    )
    parts: tuple[list[tuple[str, int]], ...] = ([], [])
    for file, part in zip(found.files, is_val.tolist(), strict=True):
        parts[part].append(file)
    train, val = (FolderImages(files, found.classes) for files in parts)
    return train, val
