"""A bound on the time of a test that holds while it runs."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


class TooSlow(BaseException):
    """No handler of the program may take it for one of its own errors."""


@contextmanager
def deadline(seconds: float) -> Iterator[None]:
    """Interrupt what takes more processor time than that."""

    def stop(_signal: int, _frame: FrameType | None) -> None:
        raise TooSlow(f"over {seconds} s")

    before = signal.signal(signal.SIGPROF, stop)
    signal.setitimer(signal.ITIMER_PROF, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)
