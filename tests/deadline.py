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

    def stop(_signal: int, frame: FrameType | None) -> None:
        place = f", in {frame.f_code.co_qualname}" if frame else ""
        raise TooSlow(f"over {seconds} s{place}")

    before = signal.signal(signal.SIGPROF, stop)
    signal.setitimer(signal.ITIMER_PROF, seconds)
    try:
        yield
    except TooSlow as error:
        # A frame that a signal interrupts may have no line number (Python 3.11), and a
        # traceback with such a frame ends pytest's worker, not only the test.
        raise TooSlow(*error.args) from None
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)
