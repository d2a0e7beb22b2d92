"""Load batches from a data set that is small enough for the memory of the device."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from torch import Tensor

from archspec.training.data.batch_protocol import Batch
from archspec.training.data.input_normalization import (
    ChannelStatistics,
    measure_statistics,
)
from archspec.training.data.sampling import StepSampler


@dataclass(frozen=True, slots=True)
class InMemoryLoader:
    """A `BatchLoader` of images that are decoded, in the size of the data set."""

    images: Tensor  # [N, C, H, W], uint8
    labels: Tensor  # [N]
    classes: tuple[str, ...]
    sampler: StepSampler

    @property
    def num_images(self) -> int:
        """The number of images over all processes."""
        return len(self.labels)

    def __len__(self) -> int:
        """The number of steps in an epoch."""
        return len(self.sampler)

    def batches(self, epoch: int = 1, first_step: int = 0) -> Iterator[Batch]:
        """The batches of an epoch from a step on; epochs count from 1, steps from 0."""
        order = self.sampler.order(epoch).to(self.images.device)
        for step in range(first_step, len(self)):
            local = self.sampler.local_indices(order, step)
            size = self.sampler.step_size(step)
            yield Batch(self.images[local], self.labels[local], size)

    def statistics(self) -> ChannelStatistics:
        """Mean and standard deviation of all images."""
        return measure_statistics(self.images)
