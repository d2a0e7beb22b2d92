"""The images of each step of each process: a distributed, resumable sampler."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil
from random import Random

import torch
from torch import Tensor

from archspec.training.distributed.world import World


@dataclass(frozen=True, slots=True)
class StepSampler:
    """Divides the images of an epoch into steps, and each step among the processes.

    The steps of an epoch differ by one image at most, since batch norm is noisy in a
    small last step: 10 images with a batch size of 4 make steps of 3, 3 and 4. The order
    follows from the seed and the epoch alone, so that a run can resume within an epoch.
    """

    num_images: int
    batch_size: int
    """The most images in a step, over all processes."""

    world: World
    seed: int | None = None
    """The seed of a random order for each epoch; None keeps the order of the files."""

    def __len__(self) -> int:
        """The number of steps in an epoch."""
        return ceil(self.num_images / self.batch_size)

    def order(self, epoch: int) -> Tensor:
        """The indices of all images [num_images], in the order of an epoch."""
        if self.seed is None:
            return torch.arange(self.num_images)
        number = Random(f"{self.seed} {epoch}").getrandbits(63)  # noqa: S311
        return torch.randperm(
            self.num_images, generator=torch.Generator().manual_seed(number)
        )

    def local_indices(self, order: Tensor, step: int) -> Tensor:
        """The indices of this process's images in a step, which counts from 0."""
        start = self._start(step)
        indices = order[start : start + self.step_size(step)]
        return indices[self.world.rank :: self.world.size]

    def step_size(self, step: int) -> int:
        """The number of images in a step, over all processes."""
        return self._start(step + 1) - self._start(step)

    def _start(self, step: int) -> int:
        return step * self.num_images // len(self)
