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

from .made import network, train_on_folders

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
    assert code == 2
    assert out.startswith("dark.png  ")
    assert out.count("\n") == 1
    text, half, nowhere, images = err.splitlines()
    assert text == (
        "error: cannot read the image `text.png`: Pillow does not recognize its format"
    )
    assert half.startswith("error: cannot read the image `half.png`: ")
    assert nowhere == "error: `nowhere.png` does not exist"
    assert images == (
        "error: `images` is a directory: name the images in it, such as `images/*.png`"
    )
    code, out, err = command("predict", run, "images", "--format", "json")
    assert (code, out) == (2, "[]\n")


def test_a_directory_that_is_no_run_is_named(command: Command) -> None:
    code, _, err = command("predict", "nowhere", "image.png")
    assert code == 2
    assert err.startswith("error: `nowhere` does not exist")
