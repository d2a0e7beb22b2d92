"""Write the files that the option `-o` names."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from archspec.backends.mark import is_marked
from archspec.runs.atomic_files import write_atomically
from archspec.runs.figures import FORMATS

from .exit_codes import USAGE, stop


def check_output(
    path: Path, *, force: bool, is_ours: Callable[[Path], bool] = is_marked
) -> None:
    """End the command before it overwrites a file that archspec did not write."""
    if path.is_file() and not force and not is_ours(path):
        stop(
            f"`{path}` exists and archspec did not write it: choose another name, or "
            "add `--force` to overwrite it"
        )


def check_picture(path: Path, *, force: bool) -> None:
    """End the command unless a picture can be written there."""
    if path.suffix.removeprefix(".").lower() not in FORMATS:
        known = ", ".join(f"`.{name}`" for name in FORMATS)
        stop(f"`{path}` should end in one of {known}", USAGE)
    check_output(path, force=force)


def write_output(path: Path, data: str | bytes, *, quiet: bool = False) -> None:
    """Write the file of `-o`, and say so."""
    write_file(path, data)
    if not quiet:
        print(f"wrote {path}")


def write_file(path: Path, data: str | bytes) -> None:
    """Write an output file, whole or not at all."""
    content = data.encode() if isinstance(data, str) else data
    write_atomically(path, lambda file: file.write(content))
