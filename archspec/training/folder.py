"""Images of any size in folders: read from disk while the run goes on."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import torch
from PIL import Image
from torch import Tensor
from torch.utils.data import DataLoader, Dataset, Sampler
from torchvision.datasets import ImageFolder
from torchvision.transforms.functional import pil_to_tensor

from archspec.training.batches import leaves_lone_image
from archspec.training.errors import TrainingError
from archspec.training.images import COLOR, GREY, Statistics, measure, resize

MEASURED = 1024  # images; their mean and deviation stand for those of the whole set
MODES = {GREY: "L", COLOR: "RGB"}  # Pillow's names


class FolderImages(Dataset[tuple[Tensor, int]]):
    """The images of `root/CLASS/`, as bytes in the network's shape."""

    def __init__(self, root: Path, shape: tuple[int, int, int]) -> None:
        """List the files; none is read yet.

        Raises:
            TrainingError: if there are none, or the network reads neither grey nor colour.
        """
        channels, self.height, self.width = shape
        if channels not in MODES:
            raise TrainingError(
                f"the network reads {channels} channels, and images have {GREY} or {COLOR}: "
                f"use `--input {COLOR}xHxW`"
            )
        self.mode = MODES[channels]
        try:
            found = ImageFolder(root)
        except OSError as error:
            raise TrainingError(
                f"there are no images in `{root}`: `folder` expects them in "
                f"`{root.name}/CLASS/`"
            ) from error
        self.files: list[tuple[str, int]] = found.samples
        self.classes: list[str] = found.classes

    def __len__(self) -> int:
        """The number of images."""
        return len(self.files)

    def __getitem__(self, index: int) -> tuple[Tensor, int]:
        """An image [C, H, W] and its label."""
        path, label = self.files[index]
        try:
            with Image.open(path) as image:
                pixels: Tensor = pil_to_tensor(image.convert(self.mode))
        except OSError as error:
            raise TrainingError(f"cannot read the image `{path}`: {error}") from error
        return resize(pixels[None], self.height, self.width)[0], label


@dataclass(frozen=True, slots=True)
class StreamedBatches:
    """Batches that worker processes read ahead."""

    images: FolderImages
    loader: DataLoader[tuple[Tensor, Tensor]]
    device: torch.device

    @property
    def num_images(self) -> int:
        """In a whole pass."""
        return len(self.images)

    def __len__(self) -> int:
        """The number of batches."""
        return len(self.loader)

    def __iter__(self) -> Iterator[tuple[Tensor, Tensor]]:
        """Images [N, C, H, W] as bytes and labels [N], on the device."""
        try:
            for images_NCHW, labels_N in self.loader:
                yield (
                    images_NCHW.to(self.device, non_blocking=True),
                    labels_N.to(self.device, non_blocking=True),
                )
        except TrainingError as error:
            # A worker hands its error on inside the text of a traceback.
            raise TrainingError(
                str(error).strip().rpartition("TrainingError: ")[2]
            ) from error

    def measure(self) -> Statistics:
        """Mean and standard deviation of images spread evenly over the set."""
        step = max(1, len(self.images) // MEASURED)
        chosen = range(0, len(self.images), step)[:MEASURED]
        return measure(torch.stack([self.images[index][0] for index in chosen]))


def open_folder(
    root: Path, shape: tuple[int, int, int], *, train: bool
) -> FolderImages:
    """The images of `root/train`, or of `root/val`, else `root/test`.

    Raises:
        TrainingError: if a folder is missing, or the two have not the same classes.
    """
    held_out = next(
        (root / name for name in ("val", "test") if (root / name).is_dir()), None
    )
    if held_out is None or not (root / "train").is_dir():
        missing = "`val` or `test`" if (root / "train").is_dir() else "`train`"
        raise TrainingError(
            f"there is no folder {missing} in `{root}`: `folder` reads `train/CLASS/` and "
            "`val/CLASS/` under `--data-root DIR`"
        )
    found = [FolderImages(folder, shape) for folder in (root / "train", held_out)]
    odd = sorted(set(found[0].classes) ^ set(found[1].classes))
    if odd:
        raise TrainingError(
            f"the class `{odd[0]}` is only in one of `{root / 'train'}` and `{held_out}`: "
            "both need a folder for each class"
        )
    return found[0] if train else found[1]


def stream(
    images: FolderImages, batch_size: int, device: torch.device, *, shuffle: bool
) -> StreamedBatches:
    """Batches of all images, in random order or in that of the files."""
    workers = min(os.cpu_count() or 1, 8)
    loader: DataLoader[tuple[Tensor, Tensor]] = DataLoader(
        images,  # type: ignore[arg-type]  # it yields images, the loader batches
        batch_size=batch_size,
        sampler=_Shuffled(len(images)) if shuffle else None,
        drop_last=shuffle and leaves_lone_image(len(images), batch_size),
        num_workers=workers,
        persistent_workers=workers > 0,
        pin_memory=device.type == "cuda",
        generator=torch.Generator(),  # so that workers draw none of the run's numbers
    )
    return StreamedBatches(images, loader, device)


class _Shuffled(Sampler[int]):
    """Every index once, in an order drawn from the run's random numbers."""

    def __init__(self, count: int) -> None:
        self.count = count

    def __len__(self) -> int:
        return self.count

    def __iter__(self) -> Iterator[int]:
        yield from torch.randperm(self.count).tolist()
