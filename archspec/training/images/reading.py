"""The image of a file as bytes, whatever its kind, size and mode."""

from __future__ import annotations

import warnings
from pathlib import Path

from PIL import Image, ImageOps, UnidentifiedImageError
from torch import Tensor
from torchvision.transforms.functional import pil_to_tensor

from archspec.runs.errors import TrainingError, short_message
from archspec.training.images.tensors import COLOR, GREY, resize

MODES = {GREY: "L", COLOR: "RGB"}  # Pillow's names


def read_image(path: Path, shape: tuple[int, int, int]) -> Tensor:
    """The image of a file as bytes [C, H, W], in a network's shape.

    Raises:
        TrainingError: if it cannot be read, or the shape is of no grey or colour image.
    """
    channels, height, width = shape
    if channels not in MODES:
        raise TrainingError(
            f"the network reads {channels} channels, and images have {GREY} or {COLOR}: "
            f"use `--input {COLOR}xHxW`"
        )
    try:
        pixels_CHW = _decode(path, MODES[channels])
    except UnidentifiedImageError as error:
        raise TrainingError(
            f"cannot read the image `{path}`: it is of no kind that Pillow knows"
        ) from error
    except Exception as error:  # many kinds: each of Pillow's decoders has its own
        raise TrainingError(
            f"cannot read the image `{path}`: {short_message(error).rstrip('.')}"
        ) from error
    return resize(pixels_CHW[None], height, width)[0]


def _decode(path: Path, mode: str) -> Tensor:
    """Bytes [C, H, W]; Pillow warns of what it can read all the same."""
    with warnings.catch_warnings(action="ignore"), Image.open(path) as image:
        pixels_CHW: Tensor = pil_to_tensor(_plain(image).convert(mode))
    return pixels_CHW


def _plain(image: Image.Image) -> Image.Image:
    """The image as a person sees it: upright, on white, and in 8 bits."""
    image = ImageOps.exif_transpose(image)
    if image.mode.startswith("I"):  # Pillow would cut 16 bits off at 255
        return image.convert("I").point(lambda value: value / 256).convert("L")
    if image.has_transparency_data:
        image = image.convert("RGBA")
        white = Image.new("RGBA", image.size, "white")
        return Image.alpha_composite(white, image)
    return image
