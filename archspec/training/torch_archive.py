"""Read a file of `torch.save`, and find out whether its bytes are as they were written."""

from __future__ import annotations

import warnings
import zipfile
from pathlib import Path
from typing import IO, Any

import torch


class CorruptArchiveError(Exception):
    """A bit of the file has changed since it was written."""


def load_archive(path: Path) -> Any:  # whatever was saved
    """Load what `torch.save` wrote, on the CPU, without running code from it.

    `torch.load` ignores the checksums that a file has of each of its tensors.

    Raises:
        CorruptArchiveError: if a checksum is wrong.
        Exception: of any type, if torch cannot read the file.
    """
    with path.open("rb") as file:
        if damaged := _damaged_part(file):
            raise CorruptArchiveError(damaged)
        file.seek(0)
        with warnings.catch_warnings(action="ignore"):  # about a format it recognizes
            return torch.load(file, map_location="cpu", weights_only=True)


def _damaged_part(file: IO[bytes]) -> str | None:
    try:
        with zipfile.ZipFile(file) as archive:
            return archive.testzip()
    except zipfile.BadZipFile:  # older versions of torch wrote other formats
        return None
