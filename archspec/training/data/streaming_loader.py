"""Load batches from image files, which worker processes decode while the run trains."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple, TypeVar

import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset, Sampler

from archspec.runs.errors import DataLoaderWorkerError, TrainingError
from archspec.settings.settings import Settings
from archspec.spec import Spec
from archspec.training.data.batch_protocol import Batch
from archspec.training.data.decoding import (
    UnreadableImageError,
    has_16_bit_colors,
    measure_range,
    read_image,
)
from archspec.training.data.image_folder import ImagePaths
from archspec.training.data.image_reading import ImageReading
from archspec.training.data.input_normalization import (
    ChannelStatistics,
    measure_statistics,
)
from archspec.training.data.pixel_format import (
    ORDINARY,
    PixelRange,
    UnexpectedPixelsError,
    choose_format,
)
from archspec.training.data.sampling import StepSampler
from archspec.training.data.worker_signals import IgnoreSignals, signals_blocked
from archspec.training.distributed.launch_environment import (
    available_cores,
    cores_per_process,
)
from archspec.training.distributed.world import World
from archspec.training.signals import interruptible

NUM_MEASURED = 1024  # images whose statistics stand for the whole set
READ_AT_ONCE = 32  # of them, by one worker
MAX_12_BIT = 16 / 255  # the upper 8 of 16 bits of which 12 are in use
MAX_WORKERS = 8  # per process of a run

T = TypeVar("T")


class Images(NamedTuple):
    """What a worker has read."""

    images: Tensor  # uint8 [N, C, H, W]
    labels: Tensor  # [N]
    unreadable: dict[str, str]
    """Files that it could not decode, with a description."""


def stream(
    paths: ImagePaths,
    settings: Settings,
    spec: Spec,
    world: World,
    reading: ImageReading,
    *,
    train: bool,
) -> StreamingLoader:
    """The loader of images on disk, shuffled if they are training images."""
    channels, height, width = spec.input_shape
    images = _ImageFiles(paths, (channels, height, width), reading)
    batch_size = settings.batch_size if train else settings.evaluation_batch_size
    seed = settings.seed if train else None
    sampler = _LocalSampler(StepSampler(len(images), batch_size, world, seed))
    workers = _data_loader(images, sampler, world, persistent_workers=True)
    return StreamingLoader(images, sampler, world, workers)


@dataclass(frozen=True, slots=True)
class StreamingLoader:
    """A `BatchLoader` whose worker processes read ahead."""

    images: _ImageFiles
    sampler: _LocalSampler
    world: World
    workers: DataLoader[Images] = field(repr=False)

    @property
    def classes(self) -> tuple[str, ...]:
        """The names of the classes, by label."""
        return self.images.paths.classes

    @property
    def num_images(self) -> int:
        """The number of images over all processes."""
        return len(self.images)

    def __len__(self) -> int:
        """The number of steps in an epoch."""
        return len(self.sampler.steps)

    def batches(self, epoch: int = 1, first_step: int = 0) -> Iterator[Batch]:
        """The batches of an epoch from a step on; epochs count from 1, steps from 0."""
        self.sampler.epoch, self.sampler.first_step = epoch, first_step
        device = self.world.device
        for step, read in enumerate(_read(self.workers), first_step):
            self.images.reading.add_unreadable(read.unreadable)
            yield Batch(
                read.images.to(device, non_blocking=True),
                read.labels.to(device, non_blocking=True),
                self.sampler.steps.step_size(step),
            )

    def statistics(self) -> ChannelStatistics:
        """Mean and standard deviation of images spread evenly over the set.

        If the files do not have 8 bits, this first chooses the pixel format of the run.
        """
        every = max(1, len(self.images) // NUM_MEASURED)
        chosen = range(0, len(self.images), every)[:NUM_MEASURED]
        batches = [
            [*chosen[at:][:READ_AT_ONCE]] for at in range(0, len(chosen), READ_AT_ONCE)
        ]
        paths, reading = self.images.paths, self.images.reading
        reading.pixels = ORDINARY._replace(example=paths.samples[0][0])
        with suppress(UnexpectedPixelsError):
            return self._measure(batches)
        # The error is gone here. Its traceback refers to workers, and those that start
        # before these have ended would share their pipes.
        ranges = _read(_data_loader(_PixelRanges(paths), batches, self.world))
        reading.pixels = choose_format([each for read in ranges for each in read])
        return self._measure(batches)

    def _measure(self, batches: list[list[int]]) -> ChannelStatistics:
        images = []
        for read in _read(_data_loader(self.images, batches, self.world)):
            self.images.reading.add_unreadable(read.unreadable)
            images.append(read.images)
        statistics = measure_statistics(torch.cat(images))
        if max(statistics.mean) < MAX_12_BIT:
            self._check_colors(max(each.max().item() for each in images))
        return statistics

    def _check_colors(self, largest: float) -> None:
        """Check that dark images do not lack the lower 8 of 12 bits.

        Raises:
            TrainingError: if they do.
        """
        path, _ = self.images.paths.samples[0]
        if largest / 255 < MAX_12_BIT and has_16_bit_colors(Path(path)):
            raise TrainingError(
                f"`{path}` has colors of 16 bits, and all images that were measured have "
                "values below 4,096, of which Pillow reads the upper 8 bits alone: convert "
                "them to 8 bits"
            )


@dataclass(frozen=True, slots=True)
class _ImageFiles(Dataset[Images]):
    """Image files, decoded to the input shape of a network."""

    paths: ImagePaths
    shape: tuple[int, int, int]
    """(C, H, W), of the network's input."""

    reading: ImageReading

    def __len__(self) -> int:
        return len(self.paths.samples)

    def __getitems__(self, indices: list[int]) -> Images | TrainingError:
        """Read a batch, which may be empty.

        An error is returned and not raised: `DataLoader` would replace its message with
        the text of a traceback.
        """
        images_NCHW = torch.empty(len(indices), *self.shape, dtype=torch.uint8)
        labels = [self.paths.samples[index][1] for index in indices]
        unreadable: dict[str, str] = {}
        try:
            for number, index in enumerate(indices):
                images_NCHW[number] = self._read(index, unreadable)
        except TrainingError as error:
            return error
        return Images(images_NCHW, torch.tensor(labels).long(), unreadable)

    def _read(self, index: int, unreadable: dict[str, str]) -> Tensor:
        """An image, or in the place of an unreadable one the next of its class.

        Steps keep their size, and a run that resumes reads the same images.
        """
        for path in self.paths.same_class(index):
            try:
                return read_image(
                    Path(path), self.shape, self.reading.pixels, self.reading.fit
                )
            except UnreadableImageError as error:
                unreadable[path] = str(error)
                self.reading.add_unreadable({path: str(error)})
        path, label = self.paths.samples[index]
        raise TrainingError(
            f"no image of the class `{self.paths.classes[label]}` in the split of `{path}` "
            "can be read: replace its files"
        )


@dataclass(frozen=True, slots=True)
class _PixelRanges(Dataset[list[PixelRange]]):
    """The ranges of the pixels of image files; those of unreadable files are left out."""

    paths: ImagePaths

    def __getitems__(self, indices: list[int]) -> list[PixelRange]:
        ranges = []
        for index in indices:
            with suppress(UnreadableImageError):
                ranges.append(measure_range(Path(self.paths.samples[index][0])))
        return ranges


class _LocalSampler(Sampler[list[int]]):
    """The images of this process in each step of the current epoch."""

    def __init__(self, steps: StepSampler) -> None:
        self.steps = steps
        self.epoch, self.first_step = 1, 0

    def __len__(self) -> int:
        return len(self.steps) - self.first_step

    def __iter__(self) -> Iterator[list[int]]:
        order = self.steps.order(self.epoch)
        for step in range(self.first_step, len(self.steps)):
            yield self.steps.local_indices(order, step).tolist()


def _data_loader(
    images: Dataset[T],
    batches: _LocalSampler | list[list[int]],
    world: World,
    *,
    persistent_workers: bool = False,
) -> DataLoader[T]:
    """A data loader, which starts its workers when it is first iterated over."""
    cores = cores_per_process(available_cores(), world.local_size)
    return DataLoader(
        images,
        batch_sampler=batches,
        num_workers=min(cores, MAX_WORKERS),
        persistent_workers=persistent_workers,
        pin_memory=world.device.type == "cuda",
        collate_fn=_keep,  # `__getitems__` collates
        worker_init_fn=IgnoreSignals(),
        generator=torch.Generator(),  # so that the run's random numbers stay the same
    )


def _keep(batch: T) -> T:
    """Leave a batch as `__getitems__` returns it, instead of collating items."""
    return batch


def _read(workers: DataLoader[T]) -> Iterator[T]:
    """The batches of the workers.

    Raises:
        TrainingError: if an image cannot be read, or a worker died.
    """
    with _raise_dead_worker():
        with signals_blocked():
            batches = iter(workers)
        for batch in interruptible(batches):
            if isinstance(batch, TrainingError):
                # Not `raise batch`: this frame refers to it, and the cycle would keep
                # the workers alive until the garbage collector runs.
                raise type(batch)(str(batch))
            yield batch


@contextmanager
def _raise_dead_worker() -> Iterator[None]:
    try:
        yield
    except (ConnectionError, EOFError, FileNotFoundError) as error:
        # The worker died while it sent a batch. torch receives SIGCHLD at about the same
        # time, and its handler raises an error wherever the process is then: wait for it.
        time.sleep(1)
        raise DataLoaderWorkerError from error
