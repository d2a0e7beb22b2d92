"""What is measured: sums on the device while steps run, numbers once they are read."""

from __future__ import annotations

from math import isfinite
from typing import NamedTuple

import torch
from torch import Tensor

from archspec.training.machine.world import World


class Totals(NamedTuple):
    """Sums over images."""

    loss: float = 0.0
    correct: int = 0
    images: int = 0

    @property
    def mean_loss(self) -> float:
        """For one image."""
        return self.loss / self.images

    @property
    def accuracy(self) -> float:
        """The fraction of images whose highest logit is that of their class."""
        return self.correct / self.images

    def since(self, earlier: Totals) -> Totals:
        """What has come on top of an earlier reading."""
        return Totals(
            self.loss - earlier.loss,
            self.correct - earlier.correct,
            self.images - earlier.images,
        )


class Meter:
    """Loss and hits, summed where they are computed; only reading waits for the device.

    The sums stay at their place in memory.
    """

    def __init__(self, world: World) -> None:
        """At zero."""
        self._world = world
        # MPS has no 64-bit floats; the sums of an epoch need them elsewhere.
        dtype = torch.float32 if world.device.type == "mps" else torch.float64
        self._sums = torch.zeros(len(Totals()), dtype=dtype, device=world.device)
        self._finite = torch.zeros((), dtype=torch.int64, device=world.device)

    def start(self, totals: Totals | None = None) -> None:
        """Begin at zero, or at the sums of all processes so far."""
        begin = totals if totals and self._world.is_main else Totals()
        self._sums.copy_(torch.tensor(begin, dtype=self._sums.dtype))
        self._finite.zero_()

    def add(self, loss: Tensor, logits_NK: Tensor, labels_N: Tensor) -> None:
        """Count a batch of this process, whose loss is a sum over its images."""
        correct = (logits_NK.argmax(1) == labels_N).sum()
        images = torch.full_like(correct, len(labels_N))
        self._sums += torch.stack([loss.detach(), correct, images])

    def end_step(self) -> None:
        """Note whether all losses so far are numbers; a sum that is none stays so."""
        self._finite += self._sums[0].isfinite()

    def is_finite(self) -> bool:
        """Whether all losses of this process are numbers. A CPU-GPU sync point."""
        return isfinite(self._sums[0].item())

    def read(self) -> Totals:
        """The sums over all processes. A CPU-GPU sync point."""
        loss, correct, images = self._world.sum(self._sums).tolist()
        return Totals(loss, int(correct), int(images))

    def num_finite(self) -> int:
        """The steps before the first whose loss was no number, in any process."""
        (most,) = self._world.any([-int(self._finite.item())])
        return -most
