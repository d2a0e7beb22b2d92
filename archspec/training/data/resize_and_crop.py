"""How published weights see an image: its shorter side resized, and its center."""

from __future__ import annotations

from typing import NamedTuple

from PIL import Image
from torchvision.transforms import InterpolationMode
from torchvision.transforms.functional import center_crop, resize


class ResizeAndCrop(NamedTuple):
    """Resizes an image by its shorter side, and crops it around its center."""

    shorter: int
    """The size of the shorter side before the crop."""

    size: tuple[int, int]
    """(H, W) after the crop."""

    interpolation: InterpolationMode

    def __call__(self, image: Image.Image) -> Image.Image:
        """The part of an image that a network sees."""
        resized = resize(image, [self.shorter], self.interpolation)
        cropped: Image.Image = center_crop(resized, [*self.size])
        return cropped
