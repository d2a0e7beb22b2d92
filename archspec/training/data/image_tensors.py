"""Convert batches of images to the channels and the size that a network reads.

Shape suffixes: N images, C channels, H rows, W columns. Images are `uint8`, 0 to 255.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from archspec.runs.errors import TrainingError

GRAY, COLOR = 1, 3  # channels


def convert_channels(images_NCHW: Tensor, channels: int) -> Tensor:
    """Convert gray images to color or color images to gray, as the network needs.

    Raises:
        TrainingError: if the network reads neither gray nor color images.
    """
    found = images_NCHW.shape[1]
    if found == channels:
        return images_NCHW
    if channels == COLOR:
        return images_NCHW.expand(-1, COLOR, -1, -1)
    if channels != GRAY:
        raise TrainingError(
            f"the network reads {channels} channels, and the images have {found}: "
            f"use `--input {found}xHxW`"
        )
    from torchvision.transforms import functional as transforms  # 1.7 s

    gray: Tensor = transforms.rgb_to_grayscale(images_NCHW)
    return gray


def resize(images_NCHW: Tensor, height: int, width: int) -> Tensor:
    """Resize by bilinear interpolation with antialiasing.

    On a CPU the result equals that of Pillow's `resize`, as for 28 to 96 and 28 to 224;
    for some sizes a few bytes differ by 1.
    """
    if images_NCHW.shape[2:] == (height, width):
        return images_NCHW
    if images_NCHW.device.type == "cpu":
        return _interpolate(images_NCHW, height, width)
    # GPUs cannot resize `uint8`.
    resized = _interpolate(images_NCHW.float(), height, width)
    return resized.round().to(torch.uint8)


def _interpolate(images_NCHW: Tensor, height: int, width: int) -> Tensor:
    return functional.interpolate(
        images_NCHW, size=(height, width), mode="bilinear", antialias=True
    )
