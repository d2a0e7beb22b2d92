"""Write the files that the option `-o` names."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from archspec.backends.mark import is_marked, sealed
from archspec.runs.atomic_files import write_atomically
from archspec.runs.figures import FORMATS

from .exit_codes import USAGE, stop


def check_output(
    path: Path, *, force: bool, is_ours: Callable[[Path], bool] = is_marked
) -> None:
    """End the command before it overwrites what archspec did not write."""
    if force or not path.is_file() or is_ours(path):
        return
    if is_marked(path):
        found = "differs from what archspec wrote"
    else:
        found = "exists and archspec did not write it"
    stop(f"`{path}` {found}: choose another name, or add `--force` to overwrite it")


def unless_stdout(path: Path | None) -> Path | None:
    """The file of `-o`; None for `-`, which is stdout as in other programs."""
    return None if path == Path("-") else path


def check_picture(path: Path, *, force: bool) -> None:
    """End the command unless a picture can be written there."""
    if path.suffix.removeprefix(".").lower() not in FORMATS:
        known = ", ".join(f"`.{name}`" for name in FORMATS)
        stop(f"`{path}` should end in one of {known}", USAGE)
    check_output(path, force=force)


def write_text(path: Path, text: str, *, quiet: bool = False) -> None:
    """Write a text that people edit, with a checksum, as the file of `-o`."""
    write_output(path, sealed(text), quiet=quiet)


def write_output(path: Path, data: str | bytes, *, quiet: bool = False) -> None:
    """Write the file of `-o`, and say so."""
    write_file(path, data)
    if not quiet:
        print(f"wrote {path}")


def write_file(path: Path, data: str | bytes) -> None:
    """Write an output file, whole or not at all."""
    content = data.encode() if isinstance(data, str) else data
    write_atomically(path, lambda file: file.write(content))
