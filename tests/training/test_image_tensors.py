"""Bytes in, bytes out: sizes, channels, ranges and random changes of whole batches."""

from __future__ import annotations

import pytest
import torch
from PIL import Image
from torchvision.transforms.functional import pil_to_tensor, to_pil_image

from archspec.runs.errors import TrainingError
from archspec.training.data.image_tensors import convert_channels, resize
from archspec.training.data.input_normalization import (
    ChannelStatistics,
    InputNormalization,
    measure_statistics,
)


@pytest.fixture(autouse=True)
def _seed() -> None:
    torch.manual_seed(0)


@pytest.mark.parametrize(
    ("size", "tolerance"),
    [((96, 96), 0), ((224, 224), 0), ((32, 50), 1), ((20, 13), 1)],
)
def test_resize_equals_pillow(size: tuple[int, int], tolerance: int) -> None:
    images = torch.randint(256, (3, 1, 28, 28), dtype=torch.uint8)
    height, width = size
    expected = [
        pil_to_tensor(
            to_pil_image(image).resize((width, height), Image.Resampling.BILINEAR)
        )
        for image in images
    ]
    difference = resize(images, height, width).int() - torch.stack(expected).int()
    assert difference.abs().max() <= tolerance


def test_grey_becomes_color_and_color_grey() -> None:
    gray = torch.randint(256, (2, 1, 4, 4), dtype=torch.uint8)
    color = convert_channels(gray, 3)
    assert color.shape == (2, 3, 4, 4)
    assert (convert_channels(color, 1).int() - gray.int()).abs().max() <= 1


def test_other_channels_are_refused() -> None:
    with pytest.raises(TrainingError, match="reads 4 channels, and the images have 1"):
        convert_channels(torch.zeros(1, 1, 2, 2, dtype=torch.uint8), 4)


def test_normalized_images_have_mean_0_and_deviation_1() -> None:
    images = torch.randint(100, 200, (50, 3, 5, 5), dtype=torch.uint8)
    statistics = measure_statistics(images)
    expected = images.double().div(255)
    means = expected.mean((0, 2, 3)).tolist()
    assert statistics.mean == pytest.approx(means)
    floats = InputNormalization(statistics)(images)
    assert floats.is_contiguous(memory_format=torch.channels_last)
    assert floats.mean((0, 2, 3)).abs().max() < 1e-5
    assert (floats.std((0, 2, 3), correction=0) - 1).abs().max() < 1e-5


def test_a_blank_channel_is_not_divided_by_zero() -> None:
    blank = torch.full((4, 1, 3, 3), 7, dtype=torch.uint8)
    assert InputNormalization(measure_statistics(blank))(blank).abs().max() < 1e-5


def test_statistics_are_those_of_the_training_images_wherever_they_are_used() -> None:
    images = torch.full((1, 1, 2, 2), 255, dtype=torch.uint8)
    assert InputNormalization(ChannelStatistics([0.5], [0.25]))(
        images
    ).unique().tolist() == [2.0]
