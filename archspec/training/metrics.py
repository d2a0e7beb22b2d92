"""What is measured: sums on the device while steps run, numbers once they are read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor


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
    """Loss and hits, summed where they are computed; only reading waits for the device."""

    def __init__(self, device: torch.device) -> None:
        """Start from zero."""
        # MPS has no 64-bit floats; the sums of an epoch need them elsewhere.
        dtype = torch.float32 if device.type == "mps" else torch.float64
        self._loss = torch.zeros((), dtype=dtype, device=device)
        self._correct = torch.zeros((), dtype=torch.int64, device=device)
        self._finite_steps = torch.zeros((), dtype=torch.int64, device=device)
        self._images = 0
        self._steps = 0

    def add(self, loss: Tensor, logits_NK: Tensor, labels_N: Tensor) -> None:
        """Count one batch, whose loss is a mean over its images."""
        self._loss += loss.detach() * len(labels_N)
        self._correct += (logits_NK.argmax(1) == labels_N).sum()
        self._finite_steps += self._loss.isfinite()  # a sum that is not stays so
        self._images += len(labels_N)
        self._steps += 1

    def read(self) -> Totals:
        """The sums so far. A CPU-GPU sync point."""
        return Totals(self._loss.item(), int(self._correct.item()), self._images)

    def first_bad_step(self) -> int | None:
        """The first batch, from 1, whose loss was no number. A CPU-GPU sync point."""
        finite = int(self._finite_steps.item())
        return None if finite == self._steps else finite + 1


@dataclass(frozen=True, slots=True)
class EpochMetrics:
    """A line of `metrics.jsonl`."""

    epoch: int
    """From 1."""

    train_loss: float
    train_accuracy: float
    """Over the epoch, while the weights changed."""

    val_loss: float
    val_accuracy: float
    """Of the held-out images, after the epoch."""

    lr: float
    """Of the epoch's last step."""

    images_per_second: float
    """While training, without the evaluation."""

    seconds: float
    """Training and evaluation."""
