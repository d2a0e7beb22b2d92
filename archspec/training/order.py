"""Which images each process takes in each step, the same whenever it is asked."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

import torch
from torch import Tensor

from archspec.training.world import World


@dataclass(frozen=True, slots=True)
class Order:
    """The steps of a pass over a set of images.

    The images of a step are shared out among the processes. The order of an epoch
    follows from the seed and the epoch alone, so that a run can go on within one.
    """

    num_images: int
    batch_size: int
    """Images in a step, over all processes."""

    world: World
    seed: int | None = None
    """Where a random order for each epoch starts; None is the order of the files."""

    def __len__(self) -> int:
        """The number of steps."""
        return -(-self.num_images // self.batch_size) - self._drops_last

    @property
    def _drops_last(self) -> bool:
        """Whether training leaves the last step out: batch norm needs two images."""
        rest = self.num_images % self.batch_size
        is_small = 0 < rest < 2 * self.world.size
        return self.seed is not None and is_small and self.num_images > rest

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
        start = step * self.batch_size
        batch = indices[start : start + self.batch_size]
        return batch[self.world.rank :: self.world.size]

    def size(self, step: int) -> int:
        """The images of a step over all processes."""
        return min(self.batch_size, self.num_images - step * self.batch_size)
