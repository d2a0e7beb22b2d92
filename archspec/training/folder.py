"""Images of any size in folders: read from disk while the run goes on."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import torch
from PIL import Image, ImageOps, UnidentifiedImageError
from PIL.Image import DecompressionBombError
from torch import Tensor
from torch.utils.data import DataLoader, Dataset, Sampler
from torchvision.datasets import ImageFolder
from torchvision.transforms.functional import pil_to_tensor

from archspec.spec import Spec
from archspec.training.batches import Batch
from archspec.training.datasets import is_held_out
from archspec.training.errors import TrainingError
from archspec.training.files import reason
from archspec.training.images import COLOR, GREY, Statistics, measure, resize
from archspec.training.order import Order
from archspec.training.settings import Settings
from archspec.training.world import World

MEASURED = 1024  # images; their mean and deviation stand for those of the whole set
VALIDATION_EVERY = 10  # of each class, where there is no folder `val`
MODES = {GREY: "L", COLOR: "RGB"}  # Pillow's names
WORKERS = 8  # at most, for each process of a run


@dataclass(frozen=True, slots=True)
class FolderImages(Dataset[tuple[Tensor, int]]):
    """Images on disk, read as bytes in the network's shape."""

    files: list[tuple[str, int]]
    """Paths and labels."""

    classes: tuple[str, ...]
    shape: tuple[int, int, int]
    """(C, H, W), of the network's input."""

    def __len__(self) -> int:
        """The number of images."""
        return len(self.files)

    def __getitem__(self, index: int) -> tuple[Tensor, int]:
        """An image [C, H, W] and its label."""
        path, label = self.files[index]
        return read_image(Path(path), self.shape), label


def read_image(path: Path, shape: tuple[int, int, int]) -> Tensor:
    """The image of a file as bytes [C, H, W], in a network's shape.

    Raises:
        TrainingError: if it cannot be read, or the shape is of no grey or colour image.
    """
    channels, height, width = shape
    if channels not in MODES:
        raise TrainingError(
            f"the network reads {channels} channels, and images have {GREY} or {COLOR}: "
            f"use `--input {COLOR}xHxW`"
        )
    try:
        with Image.open(path) as image:
            pixels: Tensor = pil_to_tensor(_plain(image).convert(MODES[channels]))
    except UnidentifiedImageError as error:
        raise TrainingError(
            f"cannot read the image `{path}`: it is of no kind that Pillow knows"
        ) from error
    except (OSError, SyntaxError, ValueError, DecompressionBombError) as error:
        raise TrainingError(
            f"cannot read the image `{path}`: {reason(error)}"
        ) from error
    return resize(pixels[None], height, width)[0]


def _plain(image: Image.Image) -> Image.Image:
    """The image as a person sees it: upright, on white, and in 8 bits."""
    image = ImageOps.exif_transpose(image)
    if image.mode.startswith("I"):  # Pillow would cut 16 bits off at 255
        return image.convert("I").point(lambda value: value / 256).convert("L")
    if image.has_transparency_data:
        image = image.convert("RGBA")
        white = Image.new("RGBA", image.size, "white")
        return Image.alpha_composite(white, image)
    return image


def open_training_folders(
    settings: Settings, spec: Spec, world: World
) -> tuple[StreamedBatches, StreamedBatches]:
    """The images of `train`, and of `val` or else every tenth of each class of `train`.

    Raises:
        TrainingError: if a folder is missing, or the two have not the same classes.
    """
    root = settings.data_root
    if not (root / "train").is_dir():
        raise TrainingError(
            f"there is no folder `train` in `{root}`: `folder` reads `train/CLASS/` under "
            "`--data-root DIR`, and `val/CLASS/` and `test/CLASS/` if they are there"
        )
    train = _images(root / "train", spec)
    if (root / "val").is_dir():
        val = _images(root / "val", spec)
        _check_same_classes(train, val, root, "val")
    else:
        labels = torch.tensor([label for _, label in train.files])
        held_out = is_held_out(labels, VALIDATION_EVERY).tolist()
        parts: tuple[list[tuple[str, int]], ...] = ([], [])
        for file, is_val in zip(train.files, held_out, strict=True):
            parts[is_val].append(file)
        train, val = (FolderImages(p, train.classes, train.shape) for p in parts)
    return (
        _stream(train, settings, world, train=True),
        _stream(val, settings, world, train=False),
    )


def open_test_folder(
    settings: Settings, spec: Spec, world: World
) -> StreamedBatches | None:
    """The images of `test`; None if there is no such folder."""
    folder = settings.data_root / "test"
    if not folder.is_dir():
        return None
    return _stream(_images(folder, spec), settings, world, train=False)


def _images(folder: Path, spec: Spec) -> FolderImages:
    try:
        found = ImageFolder(folder)
    except OSError as error:
        raise TrainingError(
            f"there are no images in `{folder}`: `folder` expects them in "
            f"`{folder.name}/CLASS/`"
        ) from error
    channels, height, width = spec.input_shape
    return FolderImages(found.samples, tuple(found.classes), (channels, height, width))


def _check_same_classes(
    train: FolderImages, other: FolderImages, root: Path, name: str
) -> None:
    odd = sorted(set(train.classes) ^ set(other.classes))
    if odd:
        raise TrainingError(
            f"the class `{odd[0]}` is only in one of `{root / 'train'}` and "
            f"`{root / name}`: both need a folder for each class"
        )


class _Shares(Sampler[list[int]]):
    """The images of this process, step by step, of the epoch that is set."""

    def __init__(self, order: Order) -> None:
        self.order = order
        self.epoch, self.start = 1, 0

    def __len__(self) -> int:
        return len(self.order) - self.start

    def __iter__(self) -> Iterator[list[int]]:
        indices = self.order.indices(self.epoch)
        for step in range(self.start, len(self.order)):
            yield self.order.share(indices, step).tolist()


@dataclass(frozen=True, slots=True)
class StreamedBatches:
    """Batches that worker processes read ahead."""

    images: FolderImages
    shares: _Shares
    world: World
    loader: DataLoader[tuple[Tensor, Tensor]] = field(repr=False)

    @property
    def classes(self) -> tuple[str, ...]:
        """The names of the classes, by label."""
        return self.images.classes

    @property
    def num_images(self) -> int:
        """Over all processes."""
        return len(self.images)

    def __len__(self) -> int:
        """The number of steps."""
        return len(self.shares.order)

    def steps(self, epoch: int = 1, start: int = 0) -> Iterator[Batch]:
        """The steps of an epoch, behind as many as are done."""
        self.shares.epoch, self.shares.start = epoch, start
        device = self.world.device
        try:
            for step, (images_NCHW, labels_N) in enumerate(self.loader, start):
                yield Batch(
                    images_NCHW.to(device, non_blocking=True),
                    labels_N.to(device, non_blocking=True),
                    self.shares.order.size(step),
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


def _stream(
    images: FolderImages, settings: Settings, world: World, *, train: bool
) -> StreamedBatches:
    batch_size = settings.batch_size if train else settings.evaluation_batch_size
    order = Order(len(images), batch_size, world, settings.seed if train else None)
    shares = _Shares(order)
    workers = min(max(1, (os.cpu_count() or 1) // world.local_size), WORKERS)
    loader: DataLoader[tuple[Tensor, Tensor]] = DataLoader(
        images,  # type: ignore[arg-type]  # it yields images, the loader batches
        batch_sampler=shares,
        num_workers=workers,
        persistent_workers=True,
        pin_memory=world.device.type == "cuda",
        collate_fn=_Collate(images.shape),
        worker_init_fn=_leave_signals_to_the_run,
        generator=torch.Generator(),  # so that workers draw none of the run's numbers
    )
    return StreamedBatches(images, shares, world, loader)


def _leave_signals_to_the_run(_worker: int) -> None:
    """A terminal's Ctrl-C reaches all processes, and the run still needs its images."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)


@dataclass(frozen=True, slots=True)
class _Collate:
    """Images as one tensor, where a process has none of a step's too."""

    shape: tuple[int, int, int]

    def __call__(self, items: list[tuple[Tensor, int]]) -> tuple[Tensor, Tensor]:
        """Images [N, C, H, W] and labels [N]."""
        images_NCHW = torch.empty(len(items), *self.shape, dtype=torch.uint8)
        for number, (image, _) in enumerate(items):
            images_NCHW[number] = image
        return images_NCHW, torch.tensor([label for _, label in items]).long()
