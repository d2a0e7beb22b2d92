"""Batches of images that processes read from disk while the run goes on."""

from __future__ import annotations

import ctypes
import multiprocessing
import os
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from io import StringIO
from multiprocessing.util import Finalize
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset, Sampler

from archspec.runs.errors import DataLoaderWorkerError, TrainingError
from archspec.settings.settings import Settings
from archspec.spec import Spec
from archspec.training.images.batches import Batch
from archspec.training.images.folder import FolderImages
from archspec.training.images.order import Order
from archspec.training.images.reading import read_image
from archspec.training.images.tensors import Statistics, measure
from archspec.training.machine.place import own_share
from archspec.training.machine.world import World
from archspec.training.watch import SIGNALS

MEASURED = 1024  # images; their mean and deviation stand for those of the whole set
READ_AT_ONCE = 32  # of them, by one worker
WORKERS = 8  # at most, for each process of a run

Loader = DataLoader[tuple[Tensor, Tensor]]


def stream(
    found: FolderImages, settings: Settings, spec: Spec, world: World, *, train: bool
) -> StreamedBatches:
    """The batches of a run, in an order of each epoch's own if they are to train with."""
    channels, height, width = spec.input_shape
    images = _Images(found, (channels, height, width))
    batch_size = settings.batch_size if train else settings.evaluation_batch_size
    order = Order(len(images), batch_size, world, settings.seed if train else None)
    shares = _Shares(order)
    loader = _load(images, shares, world, persistent_workers=True)
    return StreamedBatches(images, shares, world, loader)


@dataclass(frozen=True, slots=True)
class StreamedBatches:
    """Batches that worker processes read ahead."""

    images: _Images
    shares: _Shares
    world: World
    loader: Loader = field(repr=False)

    @property
    def classes(self) -> tuple[str, ...]:
        """The names of the classes, by label."""
        return self.images.found.classes

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
        with _plain_errors():
            batches = _start(self.loader)
            for step, (images_NCHW, labels_N) in enumerate(batches, start):
                yield Batch(
                    images_NCHW.to(device, non_blocking=True),
                    labels_N.to(device, non_blocking=True),
                    self.shares.order.size(step),
                )

    def measure(self) -> Statistics:
        """Mean and standard deviation of images spread evenly over the set."""
        every = max(1, len(self.images) // MEASURED)
        chosen = range(0, len(self.images), every)[:MEASURED]
        batches = [
            [*chosen[at:][:READ_AT_ONCE]] for at in range(0, len(chosen), READ_AT_ONCE)
        ]
        with _plain_errors():
            read = _start(_load(self.images, batches, self.world))
            return measure(torch.cat([images_NCHW for images_NCHW, _ in read]))


@dataclass(frozen=True, slots=True)
class _Images(Dataset[tuple[Tensor, int]]):
    """Images on disk, read as bytes in the network's shape."""

    found: FolderImages
    shape: tuple[int, int, int]
    """(C, H, W), of the network's input."""

    def __len__(self) -> int:
        return len(self.found.files)

    def __getitem__(self, index: int) -> tuple[Tensor, int]:
        """An image [C, H, W] and its label."""
        path, label = self.found.files[index]
        return read_image(Path(path), self.shape), label


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


def _load(
    images: _Images,
    batches: _Shares | list[list[int]],
    world: World,
    *,
    persistent_workers: bool = False,
) -> Loader:
    return DataLoader(
        images,  # type: ignore[arg-type]  # it yields images, the loader batches
        batch_sampler=batches,
        num_workers=min(own_share(os.cpu_count() or 1, world.local_size), WORKERS),
        persistent_workers=persistent_workers,
        pin_memory=world.device.type == "cuda",
        collate_fn=_Collate(images.shape),
        worker_init_fn=_LeaveSignals(),
        generator=torch.Generator(),  # so that workers draw none of the run's numbers
    )


def _start(loader: Loader) -> Iterator[tuple[Tensor, Tensor]]:
    """Its batches; signals wait until each worker knows what to do with them."""
    if os.name != "posix":
        return iter(loader)
    held = signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)
    try:
        return iter(loader)
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, held)


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


class _LeaveSignals:
    """Leaves signals to the run, which needs its images while it saves.

    A terminal, systemd and SLURM tell all processes at once. When the run's process
    exits, `multiprocessing` tells its workers by SIGTERM too, and waits for them: from
    then on it counts.
    """

    def __init__(self) -> None:
        self.is_over: Any = multiprocessing.RawValue(ctypes.c_bool, False)
        Finalize(self, _set, [self.is_over], exitpriority=0)  # before they are told

    def __call__(self, _worker: int) -> None:
        """In a worker. What one prints of another's death is for nobody."""
        sys.stderr = StringIO()
        for number in SIGNALS:
            signal.signal(number, signal.SIG_IGN)
        signal.signal(signal.SIGTERM, self._end)
        if os.name == "posix":
            signal.pthread_sigmask(signal.SIG_UNBLOCK, SIGNALS)

    def _end(self, *_: object) -> None:
        if self.is_over.value:
            os._exit(0)  # torch takes another code for an error


def _set(flag: Any) -> None:
    flag.value = True


@contextmanager
def _plain_errors() -> Iterator[None]:
    """A worker hands its error on inside the text of a traceback, or leaves none."""
    try:
        yield
    except (ConnectionError, EOFError, FileNotFoundError) as error:
        # It was handing images on. torch learns of its death by a signal, and raises an
        # error wherever that comes: let it be here.
        time.sleep(1)
        raise DataLoaderWorkerError from error
    except TrainingError as error:
        sentence = str(error).strip().rpartition("TrainingError: ")[2]
        # torch's frames refer to the error, and would keep the workers until they are
        # found to be garbage.
        raise TrainingError(sentence) from error.with_traceback(None)
