"""Write files so that a reader finds the old one or the new one, whole."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from errno import EACCES, EAGAIN
from pathlib import Path
from typing import IO

from archspec.training.errors import TrainingError

TEMPORARY = ".tmp"
TORCH_WRITER = "inline_container"  # whose failure is a RuntimeError


def write_atomically(
    path: Path,
    write: Callable[[IO[bytes]], object],
    before: Callable[[], None] = lambda: None,
) -> None:
    """Let `write` fill a file that takes its place at `path` once it is on the disk.

    `before` is called when the file is whole, before it takes its place.

    Raises:
        TrainingError: if the disk does not take it; what was at `path` stays.
    """
    temporary = ""
    try:
        with tempfile.NamedTemporaryFile(
            dir=path.parent, prefix=f".{path.name}-", suffix=TEMPORARY, delete=False
        ) as file:
            temporary = file.name
            write(file)
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).chmod(0o666 & ~_umask())  # temporary files are private
        before()
        os.replace(temporary, path)  # noqa: PTH105  # the name that says it is atomic
        _sync_folder(path.parent)
    except BaseException as error:
        if temporary:
            Path(temporary).unlink(missing_ok=True)
        is_torch = isinstance(error, RuntimeError) and TORCH_WRITER in str(error)
        if isinstance(error, OSError) or is_torch:
            raise TrainingError(f"cannot write `{path}`: {reason(error)}") from error
        raise


def _sync_folder(folder: Path) -> None:
    """Bring the new name to the disk, where folders can be opened."""
    if os.name == "posix":
        descriptor = os.open(folder, os.O_RDONLY)
        os.fsync(descriptor)
        os.close(descriptor)


def remove_temporary_files(folder: Path) -> None:
    """Remove what a process left that was killed while it wrote."""
    for path in folder.glob(f".*{TEMPORARY}"):
        path.unlink(missing_ok=True)


def occupy(path: Path) -> IO[bytes] | None:
    """Open a file that no other process can occupy until this one closes it.

    None where another has it. Forked processes do not inherit it, as they would `flock`:
    it ends with this one. Where a file system knows no locks, all may.
    """
    file = path.open("r+b")
    if os.name == "posix":
        from fcntl import LOCK_EX, LOCK_NB, lockf

        try:
            lockf(file, LOCK_EX | LOCK_NB)
        except OSError as error:
            if error.errno in (EACCES, EAGAIN):
                file.close()
                return None
    return file


def reason(error: BaseException) -> str:
    """Why a file could not be read or written, in a few words."""
    text = getattr(error, "strerror", None) or str(error)
    return (
        text.strip().splitlines()[0].lower() if text.strip() else type(error).__name__
    )


def _umask() -> int:
    """The bits that new files lack; asking means setting."""
    mask = os.umask(0)
    os.umask(mask)
    return mask
