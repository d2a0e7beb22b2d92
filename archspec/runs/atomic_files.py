"""Write files atomically: a reader finds the old file or the new one, never a part."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import IO

from archspec.runs.errors import TrainingError, short_message
from archspec.runs.torch_error_wordings import is_failed_write

TEMPORARY = ".tmp"


def write_atomically(
    path: Path,
    write: Callable[[IO[bytes]], object],
    before_replace: Callable[[], None] = lambda: None,
) -> None:
    """Let `write` fill a temporary file, then move that file to `path`.

    `before_replace` is called once the temporary file is complete and on the disk.

    Raises:
        TrainingError: if the file cannot be written; a file that was at `path` stays.
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
        before_replace()
        os.replace(temporary, path)  # noqa: PTH105  # documented to be atomic
        _sync_folder(path.parent)
    except BaseException as error:
        if temporary:
            Path(temporary).unlink(missing_ok=True)
        if isinstance(error, OSError) or is_failed_write(error):
            raise TrainingError(
                f"cannot write `{path}`: {short_message(error)}"
            ) from error
        raise


def _sync_folder(folder: Path) -> None:
    """Write the new name of a file to the disk, where folders can be opened."""
    if os.name == "posix":
        descriptor = os.open(folder, os.O_RDONLY)
        os.fsync(descriptor)
        os.close(descriptor)


def remove_temporary_files(folder: Path) -> None:
    """Remove the temporary files of processes that were killed while they wrote."""
    for path in folder.glob(f".*{TEMPORARY}"):
        path.unlink(missing_ok=True)


def _umask() -> int:
    """The permission bits that new files lack. The only way to read it is to set it."""
    mask = os.umask(0)
    os.umask(mask)
    return mask
