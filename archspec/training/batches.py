"""Batches of images: bytes in the network's shape, on the run's device."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor

from archspec.training.images import Statistics, measure, resize


class Batches(Protocol):
    """A pass over a set of images; a training set gives each pass a new order."""

    @property
    def num_images(self) -> int:
        """In a whole pass."""

    def __len__(self) -> int:
        """The number of batches."""

    def __iter__(self) -> Iterator[tuple[Tensor, Tensor]]:
        """Images [N, C, H, W] as bytes and labels [N], on the device."""

    def measure(self) -> Statistics:
        """What to normalise with, if these are the training images."""


@dataclass(frozen=True, slots=True)
class MemoryBatches:
    """Batches of images that lie on the device, decoded, in their own size."""

    images: Tensor  # [N, C, h, w], bytes
    labels: Tensor  # [N]
    size: tuple[int, int]  # (H, W), the network's
    batch_size: int
    shuffle: bool

    @property
    def num_images(self) -> int:
        """In a whole pass."""
        return len(self.labels)

    def __len__(self) -> int:
        """The number of batches."""
        drop_last = self.shuffle and leaves_lone_image(self.num_images, self.batch_size)
        return -(-self.num_images // self.batch_size) - drop_last

    def __iter__(self) -> Iterator[tuple[Tensor, Tensor]]:
        """Images [N, C, H, W] as bytes and labels [N], on the device."""
        order = torch.randperm if self.shuffle else torch.arange
        indices = order(self.num_images).to(self.images.device)
        for batch in range(len(self)):
            index = indices[batch * self.batch_size : (batch + 1) * self.batch_size]
            yield resize(self.images[index], *self.size), self.labels[index]

    def measure(self) -> Statistics:
        """Mean and standard deviation of all images, in their own size."""
        return measure(self.images)


def leaves_lone_image(num_images: int, batch_size: int) -> bool:
    """Whether a pass would end with a batch of one image.

    Training leaves that batch out: batch norm needs two values to compare.
    """
    return num_images > batch_size and num_images % batch_size == 1
