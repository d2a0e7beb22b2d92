"""Mean and standard deviation of images, and the normalization of a network's input.

Shape suffixes: N images, C channels, H rows, W columns.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn


class ChannelStatistics(NamedTuple):
    """Mean and standard deviation of each channel, in the range 0 to 1."""

    mean: list[float]
    std: list[float]


def measure_statistics(images_NCHW: Tensor) -> ChannelStatistics:
    """The exact statistics of `uint8` images, from a histogram of the 256 values."""
    values = torch.arange(256, dtype=torch.float64) / 255
    mean, std = [], []
    for channel in images_NCHW.cpu().unbind(1):
        frequency = torch.bincount(channel.reshape(-1), minlength=256) / channel.numel()
        average = (frequency * values).sum()
        variance = (frequency * (values - average) ** 2).sum()
        mean.append(average.item())
        std.append(max(variance.sqrt().item(), 1 / 255))  # 0 for a constant channel
    return ChannelStatistics(mean, std)


class InputNormalization(nn.Module):
    """Converts `uint8` images to floats of mean 0 and standard deviation 1."""

    mean: Tensor
    std: Tensor

    def __init__(self, statistics: ChannelStatistics) -> None:
        """Use the statistics of the training images."""
        super().__init__()
        mean_C, std_C = (torch.tensor(values).view(-1, 1, 1) for values in statistics)
        self.register_buffer("mean", 255 * mean_C)
        self.register_buffer("std", 255 * std_C)

    def forward(self, images_NCHW: Tensor) -> Tensor:
        """The images in the memory format `channels_last`."""
        floats = images_NCHW.to(torch.float32, memory_format=torch.channels_last)
        return floats.sub_(self.mean).div_(self.std)
