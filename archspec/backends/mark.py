"""The mark of a file that archspec wrote, which it may overwrite."""

from __future__ import annotations

from mmap import ACCESS_READ, mmap
from pathlib import Path
from struct import pack
from zlib import crc32

MARK = "Written by archspec"
COMMENTS = {
    ".svg": f"<!-- {MARK} -->\n",
    ".html": f"<!-- {MARK} -->\n",
    ".dot": f"// {MARK}\n",
    ".pdf": f"% {MARK}\n",
}
PNG_END = 12  # bytes of the last chunk


def marked(data: bytes, suffix: str) -> bytes:
    """The bytes of a picture with the mark, as a comment of the format."""
    if suffix == ".png":
        return data[:-PNG_END] + _png_text(f"Software\0{MARK}") + data[-PNG_END:]
    return data + COMMENTS[suffix].encode()


def is_marked(path: Path) -> bool:
    """Whether archspec wrote a file, or nothing is in it."""
    if not path.stat().st_size:
        return True
    with path.open("rb") as file, mmap(file.fileno(), 0, access=ACCESS_READ) as data:
        return data.find(MARK.encode()) >= 0


def _png_text(text: str) -> bytes:
    """A chunk of a PNG file: its length, its kind, its content, and their checksum."""
    chunk = b"tEXt" + text.encode()
    return pack(">I", len(chunk) - 4) + chunk + pack(">I", crc32(chunk))
