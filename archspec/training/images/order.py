"""Which images each process takes in each step, the same whenever it is asked."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil
from random import Random

import torch
from torch import Tensor

from archspec.training.machine.world import World


@dataclass(frozen=True, slots=True)
class Order:
    """The steps of a pass over a set of images, which are dealt out to them evenly.

    No step is much smaller than the others: batch norm needs company. The images of a
    step are shared out among the processes. The order of an epoch follows from the seed
    and the epoch alone, so that a run can go on within one.
    """

    num_images: int
    batch_size: int
    """Images in a step at most, over all processes."""

    world: World
    seed: int | None = None
    """Where a random order for each epoch starts; None is the order of the files."""

    def __len__(self) -> int:
        """The number of steps."""
        return ceil(self.num_images / self.batch_size)

    def indices(self, epoch: int) -> Tensor:
        """All images [num_images] in the order of an epoch."""
        if self.seed is None:
            return torch.arange(self.num_images)
        number = Random(f"{self.seed} {epoch}").getrandbits(63)  # noqa: S311
        return torch.randperm(
            self.num_images, generator=torch.Generator().manual_seed(number)
        )

    def share(self, indices: Tensor, step: int) -> Tensor:
        """This process's images of a step, counted from 0."""
        start = self._start(step)
        batch = indices[start : start + self.size(step)]
        return batch[self.world.rank :: self.world.size]

    def size(self, step: int) -> int:
        """The images of a step over all processes."""
        return self._start(step + 1) - self._start(step)

    def _start(self, step: int) -> int:
        return step * self.num_images // len(self)
