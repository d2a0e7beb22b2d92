"""Decode an image file of any format, size and mode."""

from __future__ import annotations

import warnings
from pathlib import Path

from PIL import Image, ImageOps, UnidentifiedImageError
from torch import Tensor
from torchvision.transforms.functional import pil_to_tensor

from archspec.runs.errors import TrainingError, short_message
from archspec.training.data.image_tensors import COLOR, GRAY, resize

MODES = {GRAY: "L", COLOR: "RGB"}  # in Pillow


def read_image(path: Path, shape: tuple[int, int, int]) -> Tensor:
    """The image in a file as `uint8` [C, H, W], in the input shape of a network.

    Raises:
        TrainingError: if it cannot be decoded, or the shape is neither gray nor color.
    """
    channels, height, width = shape
    if channels not in MODES:
        raise TrainingError(
            f"the network reads {channels} channels, and images have {GRAY} or {COLOR}: "
            f"use `--input {COLOR}xHxW`"
        )
    try:
        pixels_CHW = _decode(path, MODES[channels])
    except UnidentifiedImageError as error:
        raise TrainingError(
            f"cannot read the image `{path}`: it is of no kind that Pillow knows"
        ) from error
    except Exception as error:  # each of Pillow's decoders raises types of its own
        raise TrainingError(
            f"cannot read the image `{path}`: {short_message(error).rstrip('.')}"
        ) from error
    return resize(pixels_CHW[None], height, width)[0]


def _decode(path: Path, mode: str) -> Tensor:
    """The pixels [C, H, W]. Warnings of Pillow about metadata are ignored."""
    with warnings.catch_warnings(action="ignore"), Image.open(path) as image:
        pixels_CHW: Tensor = pil_to_tensor(_normalized(image).convert(mode))
    return pixels_CHW


def _normalized(image: Image.Image) -> Image.Image:
    """The image as viewers show it: upright, on a white background, with 8 bits."""
    image = ImageOps.exif_transpose(image)
    if image.mode.startswith("I"):  # 16 bits, which Pillow would clip at 255
        return image.convert("I").point(lambda value: value / 256).convert("L")
    if image.has_transparency_data:
        image = image.convert("RGBA")
        white = Image.new("RGBA", image.size, "white")
        return Image.alpha_composite(white, image)
    return image
