"""Random changes: each image its own, and what their names say."""

from __future__ import annotations

import pytest
import torch
from torchvision.transforms.v2 import functional as transforms

from archspec.signatures.recipes import Recipe
from archspec.training.data.augmentation import augment


@pytest.fixture(autouse=True)
def _seed() -> None:
    torch.manual_seed(0)


def crop(size: int | None = None, padding: int = 4) -> Recipe:
    """As `archspec check` makes it."""
    return Recipe("crop", {"size": size, "padding": padding})


def test_a_flip_mirrors_some_images_whole() -> None:
    images = torch.randint(256, (64, 2, 3, 5), dtype=torch.uint8)
    flipped = augment(images, [Recipe("hflip", {})])
    same = (flipped == images).flatten(1).all(1)
    mirrored = (flipped == images.flip(3)).flatten(1).all(1)
    assert (same | mirrored).all()
    assert 10 < same.sum() < 54


def test_a_crop_shifts_each_image_within_its_padding() -> None:
    images = torch.zeros(200, 1, 9, 9, dtype=torch.uint8)
    images[:, :, 4, 4] = 255
    shifted = augment(images, [crop(padding=2)])
    assert shifted.shape == images.shape
    _, _, rows, columns = shifted.nonzero().unbind(1)
    assert set(rows.tolist()) == set(columns.tolist()) == {2, 3, 4, 5, 6}
    assert len(set(zip(rows.tolist(), columns.tolist(), strict=True))) == 25


@pytest.mark.parametrize(("size", "padding"), [(5, 0), (9, 2), (12, 2), (20, 0)])
def test_a_crop_cuts_a_window_of_its_size(size: int, padding: int) -> None:
    images = torch.randint(1, 256, (50, 3, 9, 9), dtype=torch.uint8)
    windows = augment(images, [crop(size, padding)])
    assert windows.shape == (50, 3, size, size)
    assert len({tuple(window.flatten().tolist()) for window in windows}) == 50


def test_a_crop_without_padding_shows_only_the_image() -> None:
    images = torch.randint(1, 256, (50, 1, 9, 9), dtype=torch.uint8)
    assert (augment(images, [crop(6, 0)]) > 0).all()
    assert (augment(images, [crop(9, 2)]) == 0).any()


@pytest.mark.parametrize("channels", [1, 3])
def test_color_changes_each_image_by_factors_of_its_own(channels: int) -> None:
    image = torch.randint(60, 180, (1, channels, 6, 6), dtype=torch.uint8)
    images = image.expand(64, -1, -1, -1)
    changed = augment(images, [Recipe("color", {"strength": 0.2})])
    assert changed.dtype is torch.uint8
    assert len({tuple(each.flatten().tolist()) for each in changed}) > 60
    ratio = changed.double().mean((1, 2, 3)) / image.double().mean()
    assert 0.79 < ratio.min() < 0.85
    assert 1.15 < ratio.max() < 1.21
    same = augment(images, [Recipe("color", {"strength": 0.0})])
    assert torch.equal(same, images)


def test_color_is_brightness_contrast_and_saturation_of_torchvision() -> None:
    image = torch.randint(256, (1, 3, 6, 6), dtype=torch.uint8)
    torch.manual_seed(1)
    changed = augment(image, [Recipe("color", {"strength": 0.5})])
    torch.manual_seed(1)
    factors = torch.empty(3).uniform_(0.5, 1.5).tolist()
    expected = transforms.adjust_brightness(image.float() / 255, factors[0])
    expected = transforms.adjust_contrast(expected, factors[1])
    expected = transforms.adjust_saturation(expected, factors[2])
    assert (changed - 255 * expected).abs().max() < 1


def test_changes_follow_one_another() -> None:
    images = torch.randint(256, (8, 3, 9, 9), dtype=torch.uint8)
    recipes = [crop(6, 1), Recipe("hflip", {}), Recipe("identity", {})]
    assert augment(images, recipes).shape == (8, 3, 6, 6)
