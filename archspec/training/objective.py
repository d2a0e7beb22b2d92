"""From a batch of images to a loss: the same in training and in evaluation."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from archspec.runs.errors import TrainingError
from archspec.runs.torch_errors import is_batch_norm_of_one_value
from archspec.settings.settings import Settings
from archspec.spec import Spec
from archspec.training.images.tensors import Normalization, Statistics, resize
from archspec.training.machine.device import DTYPES
from archspec.training.recipes import make_loss


class Objective:
    """How images are brought to a network's input, and what is asked of its logits."""

    def __init__(
        self,
        spec: Spec,
        settings: Settings,
        statistics: Statistics,
        device: torch.device,
    ) -> None:
        """Of a run; the device and precision are settled."""
        _, *self.size = spec.input_shape
        self.normalization = Normalization(statistics).to(device)
        self.augmentation = settings.augment
        self.loss = make_loss(settings.loss)
        self.dtype = DTYPES[settings.precision]

    def augment(self, images_NCHW: Tensor) -> Tensor:
        """Training images with random changes, in the size that they have."""
        if not self.augmentation:
            return images_NCHW
        from archspec.training.images.augmentation import augment  # torchvision, 1.7 s

        return augment(images_NCHW, self.augmentation)

    def __call__(
        self, model: nn.Module, images_NCHW: Tensor, labels_N: Tensor
    ) -> tuple[Tensor, Tensor]:
        """Logits [N, K] and the sum of their losses, both in 32 bits."""
        logits_NK, *aux = self.outputs(model, images_NCHW)
        return logits_NK.detach().float(), self.loss(logits_NK, aux, labels_N)

    def outputs(self, model: nn.Module, images_NCHW: Tensor) -> Sequence[Tensor]:
        """The logits [N, K], and in training those of side branches behind them."""
        is_mixed = self.dtype is not torch.float32
        x_NCHW = self.normalization(resize(images_NCHW, *self.size))
        with torch.autocast(x_NCHW.device.type, dtype=self.dtype, enabled=is_mixed):
            outputs = self._outputs(model, x_NCHW)
        return outputs if isinstance(outputs, tuple) else (outputs,)

    def _outputs(self, model: nn.Module, x_NCHW: Tensor) -> Tensor | tuple[Tensor, ...]:
        try:
            outputs: Tensor | tuple[Tensor, ...] = model(x_NCHW)
        except ValueError as error:  # torch's, where nothing can be normalised
            if not is_batch_norm_of_one_value(error):
                raise
            raise TrainingError(
                "batch norm needs more than one image at once: use a larger "
                "`--batch-size`, or a smaller `--accumulate`"
            ) from error
        return outputs
