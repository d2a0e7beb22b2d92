"""Batches of images as tensors: channels, size and range.

Shape suffixes: N images, C channels, H rows, W columns. Images are `uint8`, 0 to 255,
until `Normalization` makes them floats. Everything works on whole batches.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

from archspec.runs.errors import TrainingError

GREY, COLOR = 1, 3


class Statistics(NamedTuple):
    """Mean and standard deviation of each channel, in the range 0 to 1."""

    mean: list[float]
    std: list[float]


def convert_channels(images_NCHW: Tensor, channels: int) -> Tensor:
    """Grey images as colour, or colour as grey, where the network reads the other.

    Raises:
        TrainingError: if the network reads neither grey nor colour.
    """
    found = images_NCHW.shape[1]
    if found == channels:
        return images_NCHW
    if channels == COLOR:
        return images_NCHW.expand(-1, COLOR, -1, -1)
    if channels != GREY:
        raise TrainingError(
            f"the network reads {channels} channels, and the images have {found}: "
            f"use `--input {found}xHxW`"
        )
    from torchvision.transforms import functional as transforms  # 1.7 s

    grey: Tensor = transforms.rgb_to_grayscale(images_NCHW)
    return grey


def resize(images_NCHW: Tensor, height: int, width: int) -> Tensor:
    """Bilinear with antialias.

    On a CPU these are the bytes that Pillow's `resize` gives, for some sizes a few of
    them off by 1; 28 to 96 and 28 to 224 are equal.
    """
    if images_NCHW.shape[2:] == (height, width):
        return images_NCHW
    if images_NCHW.device.type == "cpu":
        return _interpolate(images_NCHW, height, width)
    resized = _interpolate(images_NCHW.float(), height, width)  # GPUs resize no bytes
    return resized.round().to(torch.uint8)


def _interpolate(images_NCHW: Tensor, height: int, width: int) -> Tensor:
    return functional.interpolate(
        images_NCHW, size=(height, width), mode="bilinear", antialias=True
    )


def measure(images_NCHW: Tensor) -> Statistics:
    """Exact mean and standard deviation, from a count of each of the 256 values."""
    values = torch.arange(256, dtype=torch.float64) / 255
    mean, std = [], []
    for channel in images_NCHW.cpu().unbind(1):
        share = torch.bincount(channel.reshape(-1), minlength=256) / channel.numel()
        average = (share * values).sum()
        variance = (share * (values - average) ** 2).sum()
        mean.append(average.item())
        std.append(max(variance.sqrt().item(), 1 / 255))  # a blank channel has none
    return Statistics(mean, std)


class Normalization(nn.Module):
    """Bytes as floats of mean 0 and standard deviation 1, channels last in memory."""

    mean: Tensor
    std: Tensor

    def __init__(self, statistics: Statistics) -> None:
        """Of the training images, whatever is normalised."""
        super().__init__()
        mean_C, std_C = (torch.tensor(values).view(-1, 1, 1) for values in statistics)
        self.register_buffer("mean", 255 * mean_C)
        self.register_buffer("std", 255 * std_C)

    def forward(self, images_NCHW: Tensor) -> Tensor:
        """Images as the network reads them."""
        floats = images_NCHW.to(torch.float32, memory_format=torch.channels_last)
        return floats.sub_(self.mean).div_(self.std)
