"""Random augmentations of training images, on the run's device.

Each image gets random numbers of its own, while the transforms of torchvision draw once
for a batch. Shape suffixes: N images, C channels, H rows, W columns. Images are `uint8`.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import functional
from torchvision.transforms import v2

from archspec.signatures.recipes import Recipe
from archspec.training.data.image_tensors import COLOR


def augment(images_NCHW: Tensor, recipes: Sequence[Recipe]) -> Tensor:
    """Apply the augmentations in their order."""
    for recipe in recipes:
        arguments = recipe.arguments
        match recipe.name:
            case "hflip":
                images_NCHW = _flip_half(images_NCHW)
            case "crop":
                images_NCHW = _crop(
                    images_NCHW, arguments["size"], arguments["padding"]
                )
            case "color":
                images_NCHW = _jitter_color(images_NCHW, arguments["strength"])
    return images_NCHW


def _flip_half(images_NCHW: Tensor) -> Tensor:
    is_flipped_N = torch.rand(len(images_NCHW), device=images_NCHW.device) < 0.5
    flipped = images_NCHW.flip(3)
    return torch.where(is_flipped_N.view(-1, 1, 1, 1), flipped, images_NCHW)


def _crop(images_NCHW: Tensor, size: int | None, padding: int) -> Tensor:
    """Pad the images with black, and crop a window at a random position.

    If the window is larger than the padded image, the image is padded further.
    """
    count, channels, height, width = images_NCHW.shape
    rows, columns = (size, size) if size else (height, width)
    extra_H, extra_W = max(0, rows - height), max(0, columns - width)
    top, left = padding + extra_H, padding + extra_W
    padded = functional.pad(images_NCHW, (left, left, top, top))
    device = images_NCHW.device
    max_H, max_W = padded.shape[2] - rows, padded.shape[3] - columns
    top_N = torch.randint(max_H + 1, (count, 1), device=device)
    left_N = torch.randint(max_W + 1, (count, 1), device=device)
    rows_NH = top_N + torch.arange(rows, device=device)
    columns_NW = left_N + torch.arange(columns, device=device)
    return padded[
        torch.arange(count, device=device).view(-1, 1, 1, 1),
        torch.arange(channels, device=device).view(1, -1, 1, 1),
        rows_NH.view(count, 1, rows, 1),
        columns_NW.view(count, 1, 1, columns),
    ]


def _jitter_color(images_NCHW: Tensor, strength: float) -> Tensor:
    """Change brightness, contrast and, in color images, saturation, as torchvision does."""
    floats = images_NCHW.float()
    factors = torch.empty(3, len(floats), 1, 1, 1, device=floats.device)
    brightness, contrast, saturation = factors.uniform_(1 - strength, 1 + strength)
    floats = floats.mul(brightness).clamp_(0, 255)
    gray = _gray(floats).mean((1, 2, 3), keepdim=True)
    floats = _blend(floats, gray, contrast)
    if floats.shape[1] == COLOR:
        floats = _blend(floats, _gray(floats), saturation)
    return floats.round().to(torch.uint8)


def _gray(floats_NCHW: Tensor) -> Tensor:
    if floats_NCHW.shape[1] != COLOR:
        return floats_NCHW
    gray: Tensor = v2.Grayscale()(floats_NCHW)
    return gray


def _blend(floats_NCHW: Tensor, other: Tensor, factor: Tensor) -> Tensor:
    return torch.lerp(other.expand_as(floats_NCHW), floats_NCHW, factor).clamp_(0, 255)
