"""Write the files that the option `-o` names."""

from __future__ import annotations

from pathlib import Path

from archspec.runs.atomic_files import write_atomically
from archspec.runs.figures import FORMATS

from .exit_codes import USAGE, stop


def check_picture(path: Path) -> None:
    """End the command unless the suffix is that of a picture."""
    if path.suffix.removeprefix(".").lower() not in FORMATS:
        known = ", ".join(f"`.{name}`" for name in FORMATS)
        stop(f"`{path}` should end in one of {known}", USAGE)


def write_output(path: Path, data: str | bytes, *, quiet: bool = False) -> None:
    """Write the file of `-o`, and say so."""
    write_file(path, data)
    if not quiet:
        print(f"wrote {path}")


def write_file(path: Path, data: str | bytes) -> None:
    """Write an output file, whole or not at all."""
    content = data.encode() if isinstance(data, str) else data
    write_atomically(path, lambda file: file.write(content))
