"""How published weights see an image: its shorter side resized, and its center."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from PIL import Image
from torchvision.transforms import InterpolationMode, functional


@dataclass(frozen=True, slots=True)
class ResizeAndCrop:
    """Resizes an image by its shorter side, and crops it around its center."""

    shorter: int
    """The size of the shorter side before the crop."""

    size: tuple[int, int]
    """(H, W) after the crop."""

    interpolation: InterpolationMode

    def __call__(self, image: Image.Image) -> Image.Image:
        """The part of an image that a network sees."""
        resized: Any = image  # torchvision declares tensors alone, and takes images too
        resized = functional.resize(resized, [self.shorter], self.interpolation)
        cropped: Any = functional.center_crop(resized, [*self.size])
        assert isinstance(cropped, Image.Image)
        return cropped
