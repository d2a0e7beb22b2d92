"""The forward pass, the same in training and in evaluation, and the loss of each."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from archspec.runs.errors import TrainingError
from archspec.runs.torch_error_wordings import is_batch_norm_of_one_value
from archspec.settings.settings import Settings
from archspec.spec import Spec
from archspec.training.data.image_tensors import resize
from archspec.training.data.input_normalization import (
    ChannelStatistics,
    InputNormalization,
)
from archspec.training.device import DTYPES
from archspec.training.loss import cross_entropy, make_loss


class Objective:
    """Prepares images for a network, runs it, and computes the loss of its logits."""

    def __init__(
        self,
        spec: Spec,
        settings: Settings,
        statistics: ChannelStatistics,
        device: torch.device,
    ) -> None:
        """Use settings whose device and precision are resolved."""
        _, *self.size = spec.input_shape
        self.normalization = InputNormalization(statistics).to(device)
        self.augmentations = settings.augment
        self.loss = make_loss(settings.loss)
        self.dtype = DTYPES[settings.precision]

    def augment(self, images_NCHW: Tensor) -> Tensor:
        """Augment training images, in the size of the data set."""
        if not self.augmentations:
            return images_NCHW
        from archspec.training.data.augmentation import augment  # torchvision, 1.7 s

        return augment(images_NCHW, self.augmentations)

    def __call__(
        self, model: nn.Module, images_NCHW: Tensor, labels_N: Tensor
    ) -> tuple[Tensor, Tensor]:
        """The logits [N, K] and the loss summed over the images, both in 32 bits."""
        logits_NK, *aux = self.outputs(model, images_NCHW)
        return logits_NK.detach().float(), self.loss(logits_NK, aux, labels_N)

    def evaluate(
        self, model: nn.Module, images_NCHW: Tensor, labels_N: Tensor
    ) -> tuple[Tensor, Tensor]:
        """The logits [N, K] and the summed cross entropy, which no recipe changes.

        So losses of runs can be compared, whatever label smoothing they train with.
        """
        logits_NK, *_ = self.outputs(model, images_NCHW)
        return logits_NK.float(), cross_entropy(logits_NK, labels_N)

    def outputs(self, model: nn.Module, images_NCHW: Tensor) -> Sequence[Tensor]:
        """The logits [N, K], and in training mode those of auxiliary heads."""
        is_mixed = self.dtype is not torch.float32
        x_NCHW = self.normalization(resize(images_NCHW, *self.size))
        with torch.autocast(x_NCHW.device.type, dtype=self.dtype, enabled=is_mixed):
            outputs = self._forward(model, x_NCHW)
        return outputs if isinstance(outputs, tuple) else (outputs,)

    def _forward(self, model: nn.Module, x_NCHW: Tensor) -> Tensor | tuple[Tensor, ...]:
        try:
            outputs: Tensor | tuple[Tensor, ...] = model(x_NCHW)
        except ValueError as error:
            if not is_batch_norm_of_one_value(error):
                raise
            raise TrainingError(
                "batch norm needs more than one image at once: use a larger "
                "`--batch-size`, or a smaller `--accumulate`"
            ) from error
        return outputs
