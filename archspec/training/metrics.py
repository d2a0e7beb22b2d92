"""Loss and accuracy, summed on the device while steps run and read from time to time."""

from __future__ import annotations

from math import isfinite
from typing import NamedTuple

import torch
from torch import Tensor

from archspec.training.distributed.world import World


class Totals(NamedTuple):
    """Sums over images."""

    loss: float = 0.0
    correct: int = 0
    images: int = 0

    @property
    def mean_loss(self) -> float:
        """The loss per image."""
        return self.loss / self.images

    @property
    def accuracy(self) -> float:
        """The fraction of images whose highest logit is that of their class."""
        return self.correct / self.images

    def since(self, earlier: Totals) -> Totals:
        """The sums over the images after an earlier reading."""
        return Totals(
            self.loss - earlier.loss,
            self.correct - earlier.correct,
            self.images - earlier.images,
        )


class Meter:
    """Sums on the device, so that only `read` and `is_finite` wait for a GPU.

    The tensors are updated in place, as CUDA graphs need it.
    """

    def __init__(self, world: World) -> None:
        """Start at zero."""
        self._world = world
        # The sums of an epoch need 64 bits, which MPS does not have.
        dtype = torch.float32 if world.device.type == "mps" else torch.float64
        self._sums = torch.zeros(len(Totals()), dtype=dtype, device=world.device)
        self._finite_steps = torch.zeros((), dtype=torch.int64, device=world.device)

    def start(self, totals: Totals | None = None) -> None:
        """Restart at zero, or at the totals of all processes so far."""
        initial = totals if totals and self._world.is_main else Totals()
        self._sums.copy_(torch.tensor(initial, dtype=self._sums.dtype))
        self._finite_steps.zero_()

    def add(self, loss: Tensor, logits_NK: Tensor, labels_N: Tensor) -> None:
        """Add a batch of this process; its loss is a sum over the images."""
        correct = (logits_NK.argmax(1) == labels_N).sum()
        images = torch.full_like(correct, len(labels_N))
        self._sums += torch.stack([loss.detach(), correct, images])

    def end_step(self) -> None:
        """Count the step if the sum of the losses is finite; once NaN, it stays NaN."""
        self._finite_steps += self._sums[0].isfinite()

    def is_finite(self) -> bool:
        """Whether all losses of this process are finite. A CPU-GPU sync point."""
        return isfinite(self._sums[0].item())

    def read(self) -> Totals:
        """The sums over all processes. A CPU-GPU sync point."""
        loss, correct, images = self._world.all_reduce_sum(self._sums).tolist()
        return Totals(loss, int(correct), int(images))

    def num_finite_steps(self) -> int:
        """The number of steps before the first that diverged in any process."""
        (negated,) = self._world.all_reduce_max([-int(self._finite_steps.item())])
        return -negated
