"""`archspec predict`: the classes of images from disk."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from archspec.training.image_files import read_image

from .made import train_on_folders
from .test_evaluate import network

Command = Callable[..., tuple[int, str, str]]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run on folders of dark and light images."""
    return train_on_folders(tmp_path_factory.mktemp("folder"))


def by_hand(run: Path, image: Image.Image) -> dict[str, float]:
    """Probabilities by class, with Pillow's resizing and the emitted `model.py`."""
    model, checkpoint = network(run)
    small = image.resize((8, 8), Image.Resampling.BILINEAR)
    pixels = torch.from_numpy(np.array(small)).permute(2, 0, 1) / 255
    mean, std = (torch.tensor(v)[:, None, None] for v in checkpoint["statistics"])
    with torch.no_grad():
        chances = model(((pixels - mean) / std)[None])[0].softmax(0)
    return dict(zip(checkpoint["classes"], chances.tolist(), strict=True))


def test_probabilities_are_those_of_a_forward_pass_by_hand(
    run: Path, command: Command
) -> None:
    values = np.random.default_rng(0).integers(0, 256, (30, 40, 3), dtype=np.uint8)
    image = Image.fromarray(values)
    image.save("noise.png")
    code, out, err = command("predict", run, "noise.png", "--format", "json")
    assert (code, err) == (0, "")
    (found,) = json.loads(out)
    assert found["image"] == "noise.png"
    expected = by_hand(run, image)
    assert [each["class"] for each in found["classes"]] == sorted(
        expected, key=lambda name: -expected[name]
    )
    for each in found["classes"]:
        assert each["probability"] == pytest.approx(expected[each["class"]], abs=0.02)


def test_a_line_for_each_image_is_aligned(run: Path, command: Command) -> None:
    for name, value in (("d.png", 40), ("lighter.png", 210)):
        Image.new("RGB", (20, 30), (value, 105, 20)).save(name)
    code, out, err = command("predict", run, "d.png", "lighter.png", "--top", 2)
    assert (code, err) == (0, "")
    guesses = r"(dark  0\.\d{4}  light 0\.\d{4}|light 0\.\d{4}  dark  0\.\d{4})"
    first, second = out.splitlines()
    assert re.fullmatch(f"d.png        {guesses}", first)
    assert re.fullmatch(f"lighter.png  {guesses}", second)
    code, out, _ = command("predict", run, "d.png", "--top", 1)
    assert out.split() == first.split()[:3]


def test_what_is_no_image_is_named_after_the_others(
    run: Path, command: Command
) -> None:
    Image.new("RGB", (20, 30), (40, 105, 20)).save("dark.png")
    whole = Path("dark.png").read_bytes()
    Path("half.png").write_bytes(whole[: len(whole) // 2])
    Path("text.png").write_text("no image")
    Path("images").mkdir()
    names = ["text.png", "half.png", "nowhere.png", "images", "dark.png"]
    code, out, err = command("predict", run, *names)
    assert code == 1
    assert out.startswith("dark.png  ")
    assert out.count("\n") == 1
    text, half, nowhere, images = err.splitlines()
    assert text == (
        "error: cannot read the image `text.png`: it is of no kind that Pillow knows"
    )
    assert half.startswith("error: cannot read the image `half.png`: ")
    assert nowhere == (
        "error: cannot read the image `nowhere.png`: no such file or directory"
    )
    assert images == (
        "error: `images` is a directory: name the images in it, such as `images/*.png`"
    )
    code, out, err = command("predict", run, "images", "--format", "json")
    assert (code, out) == (1, "[]\n")


def test_a_directory_that_is_no_run_is_named(command: Command) -> None:
    code, _, err = command("predict", "nowhere", "image.png")
    assert code == 1
    assert err.startswith("error: `nowhere` is no run")


GREY = np.array([[0, 64], [128, 255]], dtype=np.uint8)


def grey_images() -> dict[str, Image.Image]:
    """The same four greys in the modes that files come in."""
    grey = Image.fromarray(GREY)
    ink = Image.fromarray(np.zeros_like(GREY))
    over_white = ink.copy().convert("LA")
    over_white.putalpha(Image.fromarray(255 - GREY))
    see_through = Image.new("P", (2, 2))
    see_through.putpalette([0, 0, 0, 64, 64, 64, 128, 128, 128, 9, 9, 9])
    see_through.putdata([0, 1, 2, 3])
    see_through.info["transparency"] = 3  # white shows through
    return {
        "L": grey,
        "RGB": grey.convert("RGB"),
        "RGBA": grey.convert("RGBA"),
        "P": grey.convert("P"),
        "16 bits": Image.fromarray(GREY.astype(np.uint16) * 257),
        "ink on nothing": over_white,
        "palette with a hole": see_through,
    }


@pytest.mark.parametrize("mode", grey_images())
@pytest.mark.parametrize("channels", [1, 3])
def test_images_of_every_mode_are_read_as_a_person_sees_them(
    mode: str, channels: int, tmp_path: Path
) -> None:
    path = tmp_path / "image.png"
    grey_images()[mode].save(path)
    pixels = read_image(path, (channels, 2, 2))
    expected = torch.from_numpy(GREY).expand(channels, -1, -1)
    assert (pixels.int() - expected.int()).abs().max() <= 1


def test_a_photo_taken_sideways_is_read_upright(tmp_path: Path) -> None:
    image = Image.fromarray(GREY)
    exif = image.getexif()
    exif[0x0112] = 6  # the camera was turned: rotate by 90 degrees to the right
    image.save(tmp_path / "photo.png", exif=exif)
    pixels = read_image(tmp_path / "photo.png", (1, 2, 2))
    assert pixels[0].tolist() == [[128, 0], [255, 64]]
