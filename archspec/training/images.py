"""Batches of images as tensors: channels, size, range and random changes.

Shape suffixes: N images, C channels, H rows, W columns. Images are `uint8`, 0 to 255,
until `normalize` makes them floats. Everything works on whole batches.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional

from archspec.ops.recipes import Recipe
from archspec.training.errors import TrainingError

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


def normalize(images_NCHW: Tensor, statistics: Statistics) -> Tensor:
    """Bytes as floats of mean 0 and standard deviation 1, channels last in memory."""
    mean_C, std_C = (
        torch.tensor(values, device=images_NCHW.device).view(-1, 1, 1)
        for values in statistics
    )
    floats = images_NCHW.to(torch.float32, memory_format=torch.channels_last)
    return floats.div_(255).sub_(mean_C).div_(std_C)


def augment(images_NCHW: Tensor, recipes: Sequence[Recipe]) -> Tensor:
    """The images with random changes, each image its own."""
    for recipe in recipes:
        match recipe.name:
            case "hflip":
                images_NCHW = _flip_half(images_NCHW)
            case "crop":
                images_NCHW = _shift(images_NCHW, recipe.arguments["padding"])
    return images_NCHW


def _flip_half(images_NCHW: Tensor) -> Tensor:
    is_flipped_N = torch.rand(len(images_NCHW), device=images_NCHW.device) < 0.5
    return torch.where(is_flipped_N.view(-1, 1, 1, 1), images_NCHW.flip(3), images_NCHW)


def _shift(images_NCHW: Tensor, padding: int) -> Tensor:
    """Pad with black, and cut a window of the old size out at a random place."""
    count, channels, height, width = images_NCHW.shape
    device = images_NCHW.device
    padded = functional.pad(images_NCHW, (padding,) * 4)
    top_N, left_N = torch.randint(2 * padding + 1, (2, count, 1), device=device)
    rows_NH = top_N + torch.arange(height, device=device)
    columns_NW = left_N + torch.arange(width, device=device)
    return padded[
        torch.arange(count, device=device).view(-1, 1, 1, 1),
        torch.arange(channels, device=device).view(1, -1, 1, 1),
        rows_NH.view(count, 1, height, 1),
        columns_NW.view(count, 1, 1, width),
    ]
