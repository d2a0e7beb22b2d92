"""Decode an image file of any format, size and mode."""

from __future__ import annotations

import os
import stat
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from PIL import Image, ImageOps, UnidentifiedImageError
from torch import Tensor
from torchvision.transforms.functional import pil_to_tensor

from archspec.runs.errors import TrainingError, short_message
from archspec.training.data.image_reading import Fit
from archspec.training.data.image_tensors import COLOR, GRAY, convert_channels, resize
from archspec.training.data.pixel_format import (
    EIGHT_BIT,
    FLOAT,
    INTEGER,
    SIXTEEN_BIT,
    PixelFormat,
    PixelRange,
)

MODES = {GRAY: "L", COLOR: "RGB"}  # in Pillow


class UnreadableImageError(TrainingError):
    """A file that cannot be decoded."""


def read_image(
    path: Path,
    shape: tuple[int, int, int],
    pixels: PixelFormat | None,
    fit: Fit | None = None,
) -> Tensor:
    """The image in a file as `uint8` [C, H, W], in the input shape of a network.

    Args:
        path: the file.
        shape: (C, H, W).
        pixels: the pixels of the data set; None for a run that has not recorded them,
            whose 16 bits are divided by 256.
        fit: makes an image of that height and width; by default it is resized. It is not
            for pixels of more than 8 bits.

    Raises:
        UnreadableImageError: if it cannot be decoded.
        UnexpectedPixelsError: if its pixels are not those of the data set.
        TrainingError: if the shape is neither gray nor color.
    """
    channels, height, width = shape
    if channels not in MODES:
        raise TrainingError(
            f"the network reads {channels} channels, and images have {GRAY} or {COLOR}: "
            f"use `--input {COLOR}xHxW`"
        )
    with _opened(path) as image:
        if pixels is not None:
            pixels.check_kind(str(path), _kind(image))
        if pixels is None or pixels.is_ordinary:
            converted = _normalized(image).convert(MODES[channels])
            pixels_CHW = pil_to_tensor(fit(converted) if fit else converted)
        else:
            pixels_CHW = _scaled(path, image, pixels, channels)
    return resize(pixels_CHW[None], height, width)[0]


def measure_range(path: Path) -> PixelRange:
    """The kind of the pixels of a file and the largest of them.

    Raises:
        UnreadableImageError: if it cannot be decoded.
    """
    with _opened(path) as image:
        kind = _kind(image)
        largest = 255.0 if kind == EIGHT_BIT else _values(image).max().item()
    return PixelRange(str(path), kind, largest)


def has_16_bit_colors(path: Path) -> bool:
    """Whether a file has colors of 16 bits, of which Pillow reads the upper 8.

    Raises:
        UnreadableImageError: if it cannot be decoded.
    """
    with _opened(path) as image:
        return _kind(image) == EIGHT_BIT and _has_16_bits(image)


@contextmanager
def _opened(path: Path) -> Iterator[Image.Image]:
    """An image to decode. Warnings of Pillow about metadata are ignored."""
    try:
        with (
            warnings.catch_warnings(action="ignore"),
            open(path, "rb", opener=_open_regular) as file,
            Image.open(file) as image,
        ):
            yield image
    except TrainingError:
        raise
    except UnidentifiedImageError as error:
        raise UnreadableImageError(
            f"cannot read the image `{path}`: Pillow does not recognize its format"
        ) from error
    except Exception as error:  # each of Pillow's decoders raises types of its own
        raise UnreadableImageError(
            f"cannot read the image `{path}`: {short_message(error).rstrip('.')}"
        ) from error


def _open_regular(path: str, flags: int) -> int:
    """Open a file without waiting, as for the writer of a FIFO, and refuse what is none."""
    descriptor = os.open(path, flags | getattr(os, "O_NONBLOCK", 0))
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise OSError("not a regular file")
    return descriptor


def _kind(image: Image.Image) -> str:
    """The kind of the pixels of an image that is not decoded yet."""
    if image.mode == "F":
        return FLOAT
    if not image.mode.startswith("I"):
        return EIGHT_BIT
    return SIXTEEN_BIT if _has_16_bits(image) else INTEGER


def _has_16_bits(image: Image.Image) -> bool:
    """Whether a file has 16 bits, which Pillow may read into 32 or into 8 bits."""
    tiles = getattr(image, "tile", ())[:1]  # with the layout in the file, "RGB;16B"
    return ";16" in f"{image.mode} {tiles}"


def _values(image: Image.Image) -> Tensor:
    """The values of 16 or 32 bits, or of floats, as `float64` [1, H, W]."""
    image = ImageOps.exif_transpose(image)
    if image.mode != "F":
        image = image.convert("I")
    values_1HW: Tensor = pil_to_tensor(image).double()
    if not values_1HW.isfinite().all():
        raise ValueError("some pixels are not finite")
    return values_1HW


def _scaled(
    path: Path, image: Image.Image, pixels: PixelFormat, channels: int
) -> Tensor:
    """The values of a file as `uint8` [C, H, W], with the full scale at 255."""
    values_1HW = _values(image)
    low, high = values_1HW.aminmax()
    pixels.check_range(str(path), low.item(), high.item())
    bytes_1HW = (values_1HW * (255 / pixels.full_scale)).round().clamp(0, 255).byte()
    return convert_channels(bytes_1HW[None], channels)[0]


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
