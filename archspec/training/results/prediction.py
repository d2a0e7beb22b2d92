"""Predict the class of an image file."""

from __future__ import annotations

from pathlib import Path

import torch

from archspec.runs.errors import UsageError
from archspec.training.data.decoding import read_image
from archspec.training.results.trained_model import TrainedModel


@torch.no_grad()
def predict(trained: TrainedModel, path: Path, top: int) -> list[tuple[str, float]]:
    """The most likely classes of the image in a file, and their probabilities.

    Raises:
        UsageError: if the file does not exist.
        TrainingError: if it is not an image.
    """
    if not path.exists():
        raise UsageError(f"`{path}` does not exist")
    if path.is_dir():
        raise UsageError(
            f"`{path}` is a directory: name the images in it, such as `{path / '*.png'}`"
        )
    channels, height, width = trained.spec.input_shape
    shape = (channels, height, width)
    image_CHW = read_image(path, shape, trained.pixels, trained.fit)
    images_NCHW = image_CHW[None].to(trained.settings.device)
    logits_NK, *_ = trained.objective.outputs(trained.model, images_NCHW)
    probabilities_K = logits_NK[0].float().softmax(0)
    highest, labels = probabilities_K.topk(min(top, len(trained.classes)))
    names = [trained.classes[label] for label in labels.tolist()]
    return list(zip(names, highest.tolist(), strict=True))
