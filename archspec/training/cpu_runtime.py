"""Settings of OpenMP and of malloc, which take effect only before torch is loaded."""

from __future__ import annotations

import ctypes
import os
import sys

M_TRIM_THRESHOLD, M_MMAP_MAX = (
    -1,
    -4,
)  # parameters of `mallopt`, from glibc's <malloc.h>


def configure_cpu_runtime() -> None:
    """Let idle threads sleep, and keep freed memory in the process."""
    _sleep_when_idle()
    _keep_freed_memory()


def _sleep_when_idle() -> None:
    """Let the threads of OpenMP sleep between operations, unless the user chose otherwise.

    By default they spin. If another process needs the same cores, an operation then
    waits for a thread that is not running: a step of a small network takes up to a second.
    """
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")


def _keep_freed_memory() -> None:
    """Let glibc keep the memory of large tensors that are freed.

    By default it returns the memory to the system, which maps and clears the pages of
    the next tensor again. That takes a third of a training step of DenseNet.
    """
    if sys.platform != "linux":
        return
    library = ctypes.CDLL(None)
    if hasattr(library, "mallopt"):
        library.mallopt(M_MMAP_MAX, 0)
        library.mallopt(M_TRIM_THRESHOLD, -1)
