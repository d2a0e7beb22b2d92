"""A batch of images, and what a loader of batches provides."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple, Protocol

from torch import Tensor

from archspec.training.data.input_normalization import ChannelStatistics


class Batch(NamedTuple):
    """The images of a step that one process trains on, on its device."""

    images: Tensor  # [N, C, H, W], uint8
    labels: Tensor  # [N]
    size: int
    """The number of images of the step over all processes."""


class BatchLoader(Protocol):
    """Loads a set of images, one batch per step."""

    @property
    def classes(self) -> tuple[str, ...]:
        """The names of the classes, by label."""

    @property
    def num_images(self) -> int:
        """The number of images over all processes."""

    def __len__(self) -> int:
        """The number of steps in an epoch."""

    def batches(self, epoch: int = 1, first_step: int = 0) -> Iterator[Batch]:
        """The batches of an epoch from a step on; epochs count from 1, steps from 0."""

    def statistics(self) -> ChannelStatistics:
        """Mean and standard deviation of the images, to normalize the input with."""
