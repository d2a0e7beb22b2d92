"""The signals of the worker processes of a data loader."""

from __future__ import annotations

import ctypes
import multiprocessing
import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from io import StringIO
from multiprocessing.util import Finalize
from typing import Any

from archspec.training.distributed.launch_environment import terminate_with_parent
from archspec.training.signals import SIGNALS


@contextmanager
def signals_blocked() -> Iterator[None]:
    """Block the signals that stop a run while workers start, until each ignores them."""
    if os.name != "posix":
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


class IgnoreSignals:
    """Lets a worker ignore signals; the run needs its images until it has saved.

    A terminal, systemd and SLURM signal all processes at once. When the process of the
    run exits, `multiprocessing` sends SIGTERM to its workers and waits for them: only
    then do they obey.
    """

    def __init__(self) -> None:
        self._run_exits: Any = multiprocessing.RawValue(ctypes.c_bool, False)
        # At exit, `multiprocessing` calls finalizers of this priority, and only then
        # sends SIGTERM.
        Finalize(self, _set, [self._run_exits], exitpriority=0)

    def __call__(self, _worker: int) -> None:
        """Initialize a worker, as `worker_init_fn`."""
        terminate_with_parent(signal.SIGKILL)  # it may wait for a file forever
        sys.stderr = StringIO()  # a worker reports that another was killed
        for number in SIGNALS:
            signal.signal(number, signal.SIG_IGN)
        signal.signal(signal.SIGTERM, self._exit)
        if os.name == "posix":
            signal.pthread_sigmask(signal.SIG_UNBLOCK, SIGNALS)

    def _exit(self, *_: object) -> None:
        if self._run_exits.value:
            os._exit(0)  # torch raises an error for any other code


def _set(flag: Any) -> None:
    flag.value = True
