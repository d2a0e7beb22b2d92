"""Load batches from image files, which worker processes decode while the run trains."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset, Sampler

from archspec.runs.errors import DataLoaderWorkerError, TrainingError
from archspec.settings.settings import Settings
from archspec.spec import Spec
from archspec.training.data.batch_protocol import Batch
from archspec.training.data.decoding import read_image
from archspec.training.data.image_folder import ImagePaths
from archspec.training.data.input_normalization import (
    ChannelStatistics,
    measure_statistics,
)
from archspec.training.data.sampling import StepSampler
from archspec.training.data.worker_signals import IgnoreSignals, signals_blocked
from archspec.training.distributed.launch_environment import cores_per_process
from archspec.training.distributed.world import World

NUM_MEASURED = 1024  # images whose statistics stand for the whole set
READ_AT_ONCE = 32  # of them, by one worker
MAX_WORKERS = 8  # per process of a run

Images = tuple[Tensor, Tensor]  # uint8 [N, C, H, W] and labels [N]


def stream(
    paths: ImagePaths, settings: Settings, spec: Spec, world: World, *, train: bool
) -> StreamingLoader:
    """The loader of images on disk, shuffled if they are training images."""
    channels, height, width = spec.input_shape
    images = _ImageFiles(paths, (channels, height, width))
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
        for step, (images_NCHW, labels_N) in enumerate(_read(self.workers), first_step):
            yield Batch(
                images_NCHW.to(device, non_blocking=True),
                labels_N.to(device, non_blocking=True),
                self.sampler.steps.step_size(step),
            )

    def statistics(self) -> ChannelStatistics:
        """Mean and standard deviation of images spread evenly over the set."""
        every = max(1, len(self.images) // NUM_MEASURED)
        chosen = range(0, len(self.images), every)[:NUM_MEASURED]
        batches = [
            [*chosen[at:][:READ_AT_ONCE]] for at in range(0, len(chosen), READ_AT_ONCE)
        ]
        read = _read(_data_loader(self.images, batches, self.world))
        return measure_statistics(torch.cat([images_NCHW for images_NCHW, _ in read]))


@dataclass(frozen=True, slots=True)
class _ImageFiles(Dataset[Images]):
    """Image files, decoded to the input shape of a network."""

    paths: ImagePaths
    shape: tuple[int, int, int]
    """(C, H, W), of the network's input."""

    def __len__(self) -> int:
        return len(self.paths.samples)

    def __getitems__(self, indices: list[int]) -> Images | TrainingError:
        """Read a batch, which may be empty.

        An error is returned and not raised: `DataLoader` would replace its message with
        the text of a traceback.
        """
        images_NCHW = torch.empty(len(indices), *self.shape, dtype=torch.uint8)
        labels = []
        try:
            for number, index in enumerate(indices):
                path, label = self.paths.samples[index]
                images_NCHW[number] = read_image(Path(path), self.shape)
                labels.append(label)
        except TrainingError as error:
            return error
        return images_NCHW, torch.tensor(labels).long()


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
    images: _ImageFiles,
    batches: _LocalSampler | list[list[int]],
    world: World,
    *,
    persistent_workers: bool = False,
) -> DataLoader[Images]:
    """A data loader, which starts its workers when it is first iterated over."""
    cores = cores_per_process(os.cpu_count() or 1, world.local_size)
    return DataLoader(
        images,
        batch_sampler=batches,
        num_workers=min(cores, MAX_WORKERS),
        persistent_workers=persistent_workers,
        pin_memory=world.device.type == "cuda",
        collate_fn=_keep,  # type: ignore[arg-type]  # `__getitems__` collates
        worker_init_fn=IgnoreSignals(),
        generator=torch.Generator(),  # so that the run's random numbers stay the same
    )


def _keep(batch: Images | TrainingError) -> Images | TrainingError:
    """Leave a batch as `__getitems__` returns it, instead of collating items."""
    return batch


def _read(workers: DataLoader[Images]) -> Iterator[Images]:
    """The batches of the workers.

    Raises:
        TrainingError: if an image cannot be read, or a worker died.
    """
    with _raise_dead_worker():
        with signals_blocked():
            batches = iter(workers)
        for batch in batches:
            if isinstance(batch, TrainingError):
                # Not `raise batch`: this frame refers to it, and the cycle would keep
                # the workers alive until the garbage collector runs.
                raise TrainingError(str(batch))
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
