"""How a process that computes uses its cores and its memory, told before torch is loaded."""

from __future__ import annotations

import ctypes
import os
import signal
import sys

M_TRIM_THRESHOLD, M_MMAP_MAX = -1, -4  # glibc's names for what `mallopt` sets
PR_SET_PDEATHSIG = 1  # Linux's


def prepare_runtime() -> None:
    """Keep threads asleep and memory at hand between two operations."""
    _sleep_when_idle()
    _keep_memory()


def end_with_parent() -> None:
    """Let SIGTERM come when the process that has started this one dies, however it does."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)


def _sleep_when_idle() -> None:
    """Let threads sleep, unless the user has said otherwise.

    They spin by default. Where another process wants the same cores, an operation then
    waits for a thread that has none: steps of a small network take up to a second.
    """
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")


def _keep_memory() -> None:
    """Let glibc keep the memory of large tensors that are freed.

    By default it gives each back to the system, which hands out and clears the pages of
    the next one anew: a third of the time of a training step of DenseNet.
    """
    if sys.platform != "linux":
        return
    library = ctypes.CDLL(None)
    if hasattr(library, "mallopt"):
        library.mallopt(M_MMAP_MAX, 0)
        library.mallopt(M_TRIM_THRESHOLD, -1)
