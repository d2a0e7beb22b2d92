"""Lock a file against other processes."""

from __future__ import annotations

import os
from errno import EACCES, EAGAIN
from pathlib import Path
from typing import IO


def lock_file(path: Path) -> IO[bytes] | None:
    """Open a file and lock it until it is closed, or None if another process has it.

    Forked processes do not inherit this lock, as they would inherit one of `flock`: it
    ends with the process that took it. A file system without locks grants it to all.
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
