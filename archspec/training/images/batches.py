"""Batches of images as bytes, on the run's device."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from torch import Tensor

from archspec.training.images.order import Order
from archspec.training.images.tensors import Statistics, measure


class Batch(NamedTuple):
    """What a process takes of a step."""

    images: Tensor  # [N, C, H, W], bytes
    labels: Tensor  # [N]
    size: int
    """The images of the step over all processes."""


class Batches(Protocol):
    """A set of images, a step at a time."""

    @property
    def classes(self) -> tuple[str, ...]:
        """The names of the classes, by label."""

    @property
    def num_images(self) -> int:
        """Over all processes."""

    def __len__(self) -> int:
        """The number of steps."""

    def steps(self, epoch: int = 1, start: int = 0) -> Iterator[Batch]:
        """The steps of an epoch, behind as many as are done."""

    def measure(self) -> Statistics:
        """What to normalise with, if these are the training images."""


@dataclass(frozen=True, slots=True)
class MemoryBatches:
    """Images that lie on the device, decoded, in their own size."""

    images: Tensor  # [N, C, H, W], bytes
    labels: Tensor  # [N]
    classes: tuple[str, ...]
    order: Order

    @property
    def num_images(self) -> int:
        """Over all processes."""
        return len(self.labels)

    def __len__(self) -> int:
        """The number of steps."""
        return len(self.order)

    def steps(self, epoch: int = 1, start: int = 0) -> Iterator[Batch]:
        """The steps of an epoch, behind as many as are done."""
        indices = self.order.indices(epoch).to(self.images.device)
        for step in range(start, len(self)):
            share = self.order.share(indices, step)
            yield Batch(self.images[share], self.labels[share], self.order.size(step))

    def measure(self) -> Statistics:
        """Mean and standard deviation of all images, in their own size."""
        return measure(self.images)
