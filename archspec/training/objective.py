"""From a batch of images to a loss: the same in training and in evaluation."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from archspec.training.batches import Batches
from archspec.training.device import DTYPES
from archspec.training.images import Statistics, normalize
from archspec.training.metrics import Meter, Totals
from archspec.training.recipes import make_loss
from archspec.training.settings import Settings


@dataclass(frozen=True, slots=True)
class Objective:
    """A network, how its images are normalised, and what is asked of its logits."""

    model: nn.Module
    statistics: Statistics
    settings: Settings  # with a settled device and precision

    def __call__(self, images_NCHW: Tensor, labels_N: Tensor) -> tuple[Tensor, Tensor]:
        """Logits [N, K] and their mean loss, both in 32 bits."""
        dtype = DTYPES[self.settings.precision]
        is_mixed = dtype is not torch.float32
        with torch.autocast(images_NCHW.device.type, dtype=dtype, enabled=is_mixed):
            logits_NK = self.model(normalize(images_NCHW, self.statistics))
        logits_NK = logits_NK.float()
        return logits_NK, make_loss(self.settings.loss)(logits_NK, labels_N)

    @torch.no_grad()
    def evaluate(self, batches: Batches) -> Totals:
        """Loss and accuracy with the network in evaluation mode; each image counts once."""
        self.model.eval()
        meter = Meter(torch.device(self.settings.device))
        for images_NCHW, labels_N in batches:
            logits_NK, loss = self(images_NCHW, labels_N)
            meter.add(loss, logits_NK, labels_N)
        return meter.read()
