"""Find the images of `folder`: a folder for each class below `train`, `val` and `test`."""

from __future__ import annotations

import os
from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from operator import itemgetter
from pathlib import Path
from typing import Literal, NamedTuple

import torch
from PIL import features
from torchvision.datasets.folder import IMG_EXTENSIONS

from archspec.diagnostics.terminal import printable
from archspec.runs.errors import TrainingError, UsageError, short_message
from archspec.training.data.image_reading import ImageReading
from archspec.training.data.stratified_split import validation_mask

# Folders that other programs expect in the place of ours.
OTHER_NAMES = {
    "train": ("training",),
    "val": ("validation", "valid", "dev"),
    "test": ("testing",),
}

# What a Pillow that is built for it decodes.
OPTIONAL = {".avif": "avif", ".jp2": "jpg_2000"}
SUFFIXES = (
    *IMG_EXTENSIONS,
    ".gif",
    ".jfif",
    *(
        suffix
        for suffix, name in OPTIONAL.items()
        if name in {**features.modules, **features.codecs} and features.check(name)
    ),
)


class ImagePaths(NamedTuple):
    """The paths of images with their labels, and the names of the classes."""

    samples: list[tuple[str, int]]
    """Sorted by label."""

    classes: tuple[str, ...]

    def same_class(self, index: int) -> Iterator[str]:
        """The images of the class of an image, from this one on, in a circle."""
        path, label = self.samples[index]
        yield path
        start = bisect_left(self.samples, label, key=itemgetter(1))
        stop = bisect_right(self.samples, label, key=itemgetter(1))
        for other in (*range(index + 1, stop), *range(start, index)):
            yield self.samples[other][0]


def find_training(root: Path, reading: ImageReading) -> tuple[ImagePaths, ImagePaths]:
    """The images of `train`, and those of `val` or else every tenth of `train`.

    Raises:
        TrainingError: if a folder is missing, or the two have different classes.
    """
    _check_root(root)
    if not (root / "train").is_dir():
        other = _other_name(root, "train")
        raise TrainingError(
            f"`{root}` has no folder `train`: "
            + (
                f"rename `{other}`"
                if other
                else "`folder` reads `train/CLASS/` under `--data-root DIR`, and "
                "`val/CLASS/` and `test/CLASS/` if they exist"
            )
        )
    train = _find(root / "train", reading)
    if not (root / "val").is_dir():
        if other := _other_name(root, "val"):
            reading.hints.append(
                f"validation uses every tenth training image: rename `{other}` to `val` "
                "to use its images"
            )
        return _split(train, root)
    val = _find(root / "val", reading)
    unmatched = sorted(set(train.classes) ^ set(val.classes))
    if unmatched:
        raise TrainingError(
            f"the class `{unmatched[0]}` is only in one of `{root / 'train'}` and "
            f"`{root / 'val'}`: both need a folder for each class"
        )
    return train, val


def find_test(root: Path, reading: ImageReading) -> ImagePaths | None:
    """The images of `test`, or None if there is no such folder.

    Raises:
        TrainingError: if a class contains no images.
    """
    if (root / "test").is_dir():
        return _find(root / "test", reading)
    if other := _other_name(root, "test"):
        reading.hints.append(
            f"`{root}` has no test images: rename `{other}` to `test` to use its images"
        )
    return None


def find_evaluation(
    root: Path, reading: ImageReading
) -> tuple[Literal["test", "validation"], ImagePaths]:
    """The images of `test`, or else of `val`, for weights that were not trained here.

    Raises:
        TrainingError: if neither folder is there, or a class contains no images.
    """
    _check_root(root)
    if test := find_test(root, reading):
        return "test", test
    if not (root / "val").is_dir():
        other = _other_name(root, "test") or _other_name(root, "val")
        raise TrainingError(
            f"`{root}` has no folder `test` or `val`: "
            + (
                f"rename `{other}`"
                if other
                else "`folder` reads `test/CLASS/` or `val/CLASS/` under `--data-root DIR`"
            )
        )
    return "validation", _find(root / "val", reading)


def _check_root(root: Path) -> None:
    if not root.is_dir():
        raise UsageError(
            f"the folder `{root}` does not exist: name the folder of the images "
            "with `--data-root DIR`"
        )


def _other_name(root: Path, name: str) -> Path | None:
    """A folder that is probably meant to be the folder `name`."""
    others = (root / other for other in OTHER_NAMES[name])
    return next((other for other in others if other.is_dir()), None)


def _find(folder: Path, reading: ImageReading) -> ImagePaths:
    classes = _scan(str(folder)).folders
    for name in classes:
        _check_link(folder / name)
    if not classes:
        raise TrainingError(
            f"`{folder}` has no images: `folder` expects them in `{folder.name}/CLASS/`"
        )
    samples = [
        (path, label)
        for label, name in enumerate(classes)
        for path in _image_paths(folder / name, reading)
    ]
    return ImagePaths(samples, tuple(map(printable, classes)))


def _image_paths(folder: Path, reading: ImageReading) -> list[str]:
    """The images of a class, in its folder and the folders below."""
    paths = []
    for each in _walk(str(folder)):
        for name in each.files:
            suffix = os.path.splitext(name)[1].lower()  # noqa: PTH122  # a million files
            if suffix in SUFFIXES:
                paths.append(os.path.join(each.path, name))  # noqa: PTH118
            else:
                kind = f"`{printable(suffix)}`" if suffix else "without a suffix"
                reading.skipped[kind] += 1
        if each.num_special:
            reading.skipped["not a regular file"] += each.num_special
    if not paths:
        kinds = ", ".join(f"`{kind}`" for kind in SUFFIXES)
        raise TrainingError(
            f"`{folder}`, the folder of a class, has no images: add some "
            f"({kinds}), or remove the folder"
        )
    return paths


class _Folder(NamedTuple):
    """What is in a folder, except for hidden files."""

    path: str
    folders: list[str]
    files: list[str]
    num_special: int
    """The number of FIFOs, sockets and devices: to open one may wait forever."""


def _walk(path: str) -> Iterator[_Folder]:
    """A folder and those below, sorted, through symbolic links."""
    folder = _scan(path)
    yield folder
    for name in folder.folders:
        below = os.path.join(path, name)  # noqa: PTH118
        _check_link(Path(below))
        yield from _walk(below)


def _scan(path: str) -> _Folder:
    folders, files, num_special = [], [], 0
    try:
        with os.scandir(path) as entries:
            for entry in entries:
                if entry.name.startswith("."):
                    continue
                if entry.is_dir():
                    folders.append(entry.name)
                elif entry.is_file() or _is_dangling(entry):
                    files.append(entry.name)
                else:
                    num_special += 1
    except OSError as error:
        raise TrainingError(f"cannot read `{path}`: {short_message(error)}") from error
    return _Folder(path, sorted(folders), sorted(files), num_special)


def _is_dangling(entry: os.DirEntry[str]) -> bool:
    """Whether an entry is a link to a missing file, which is an error and not skipped."""
    return entry.is_symlink() and not Path(entry.path).exists()


def _check_link(folder: Path) -> None:
    """Reject a link to a folder that contains it, which makes the walk endless."""
    if folder.is_symlink() and folder.parent.resolve().is_relative_to(folder.resolve()):
        raise TrainingError(
            f"the link `{folder}` leads to a folder above it: remove it"
        )


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
