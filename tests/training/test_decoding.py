"""Images of files: every mode that they come in, and what makes them unreadable."""

from __future__ import annotations

import struct
import zlib
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from archspec.runs.errors import TrainingError
from archspec.training.data.decoding import read_image
from archspec.training.data.pixel_format import ORDINARY

GREY = np.array([[0, 64], [128, 255]], dtype=np.uint8)


def grey_images() -> dict[str, Image.Image]:
    """The same four greys in the modes that files come in."""
    gray = Image.fromarray(GREY)
    ink = Image.fromarray(np.zeros_like(GREY))
    over_white = ink.copy().convert("LA")
    over_white.putalpha(Image.fromarray(255 - GREY))
    see_through = Image.new("P", (2, 2))
    see_through.putpalette([0, 0, 0, 64, 64, 64, 128, 128, 128, 9, 9, 9])
    see_through.putdata([0, 1, 2, 3])
    see_through.info["transparency"] = 3  # white shows through
    return {
        "L": gray,
        "RGB": gray.convert("RGB"),
        "RGBA": gray.convert("RGBA"),
        "P": gray.convert("P"),
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
    pixels = read_image(path, (channels, 2, 2), ORDINARY)
    expected = torch.from_numpy(GREY).expand(channels, -1, -1)
    assert (pixels.int() - expected.int()).abs().max() <= 1


def test_a_photo_taken_sideways_is_read_upright(tmp_path: Path) -> None:
    image = Image.fromarray(GREY)
    exif = image.getexif()
    exif[0x0112] = 6  # the camera was turned: rotate by 90 degrees to the right
    image.save(tmp_path / "photo.png", exif=exif)
    pixels = read_image(tmp_path / "photo.png", (1, 2, 2), ORDINARY)
    assert pixels[0].tolist() == [[128, 0], [255, 64]]


def file_of(kind: str, exif: bytes = b"") -> bytes:
    """An image in a format."""
    file = BytesIO()
    Image.fromarray(np.arange(64, dtype=np.uint8).reshape(8, 8)).save(
        file, kind, **({"exif": exif} if exif else {})
    )
    return file.getvalue()


def png(width: int, height: int) -> bytes:
    """A small file that says it is of any size."""
    parts = (
        (b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)),
        (b"IDAT", zlib.compress(bytes(100))),
        (b"IEND", b""),
    )
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data))
        + name
        + data
        + struct.pack(">I", zlib.crc32(name + data))
        for name, data in parts
    )


@pytest.mark.parametrize("kind", ["BMP", "GIF", "JPEG", "PNG", "TIFF", "WEBP"])
def test_a_file_that_ends_too_early_is_one_sentence(kind: str, tmp_path: Path) -> None:
    path = tmp_path / f"image.{kind.lower()}"
    whole = file_of(kind)
    path.write_bytes(whole)
    assert read_image(path, (1, 8, 8), ORDINARY).shape == (1, 8, 8)
    for length in (0, 4, len(whole) // 4, len(whole) // 2):
        path.write_bytes(whole[:length])
        with pytest.raises(TrainingError) as raised:
            read_image(path, (1, 8, 8), ORDINARY)
        sentence = str(raised.value)
        assert sentence.startswith(f"cannot read the image `{path}`: ")
        assert "\n" not in sentence


@pytest.mark.parametrize("size", [(30_000, 30_000), (12_000, 9_000)])
def test_a_small_file_that_would_fill_the_memory_is_one_sentence(
    size: tuple[int, int], tmp_path: Path
) -> None:
    path = tmp_path / "bomb.png"
    path.write_bytes(png(*size))
    with pytest.raises(TrainingError, match=r"cannot read the image `.*bomb\.png`: "):
        read_image(path, (1, 8, 8), ORDINARY)


@pytest.mark.parametrize(
    "exif",
    [
        b"garbage",
        b"MM\0*\0\0\0\x08\0\x01\x01\x12\0\x02\0\0\0\x05hello",  # a word, no number
        b"MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x63\0\0\0\0\0\0",  # 99
    ],
)
def test_an_odd_note_of_the_camera_does_not_matter(exif: bytes, tmp_path: Path) -> None:
    path = tmp_path / "image.jpg"
    path.write_bytes(file_of("JPEG", b"Exif\0\0" + exif))
    plain = tmp_path / "plain.jpg"
    plain.write_bytes(file_of("JPEG"))
    assert torch.equal(
        read_image(path, (1, 8, 8), ORDINARY), read_image(plain, (1, 8, 8), ORDINARY)
    )
