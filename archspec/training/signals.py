"""Receive the signals that stop a run: Ctrl-C, a terminal that closes, a scheduler."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Iterator
from types import FrameType
from typing import Self, TypeVar

HANGUP = getattr(signal, "SIGHUP", None)  # the terminal closed; Windows lacks it
ALARM = getattr(signal, "SIGALRM", None)  # Windows lacks it
BROKEN_PIPE = int(getattr(signal, "SIGPIPE", 13))  # the reader of our output has exited
SIGNALS = [signal.SIGINT, signal.SIGTERM, *([HANGUP] if HANGUP else [])]

PATIENCE = 10.0  # seconds that a run waits for a batch once it has received a signal

T = TypeVar("T")


class WaitInterrupted(Exception):  # noqa: N818  # not an error: `train` catches it
    """A signal arrived, and the batch for which the run waits does not."""

    def __init__(self, signal: int) -> None:
        """Keep the number of the signal."""
        super().__init__()
        self.signal = signal


class _Wait:
    """When this process began to wait for a batch, or None."""

    since: float | None = None


def interruptible(items: Iterator[T]) -> Iterator[T]:
    """Items of which a `SignalReceiver` ends the wait for one that does not come."""
    while True:
        _Wait.since = time.monotonic()
        try:
            item = next(items)
        except StopIteration:
            return
        finally:
            _Wait.since = None
        yield item


class SignalReceiver:
    """Records a signal instead of letting it end the process."""

    def __init__(self, *, can_force: bool) -> None:
        """Prepare to receive signals within a `with` statement.

        Args:
            can_force: whether a second signal ends the process at once. It must not if
                several processes share the run: a terminal and `torchrun` both send one.
        """
        self.received = 0
        """The number of the signal, or 0."""

        self._can_force = can_force
        self._handlers: dict[int, object] = {}

    def __enter__(self) -> Self:
        """Install the handlers; Python allows that in the main thread only."""
        is_main_thread = threading.current_thread() is threading.main_thread()
        for number in SIGNALS if is_main_thread else ():
            if number == HANGUP and signal.getsignal(number) is signal.SIG_IGN:
                continue  # `nohup` ignores the signal
            self._handlers[number] = signal.signal(number, self._handle)
        if is_main_thread and ALARM:
            self._handlers[ALARM] = signal.signal(ALARM, self._end_wait)
        return self

    def __exit__(self, *error: object) -> None:
        """Restore the handlers."""
        if ALARM in self._handlers:
            signal.setitimer(signal.ITIMER_REAL, 0)
        for number, handler in self._handlers.items():
            signal.signal(number, handler)  # type: ignore[arg-type]

    def receive(self, number: int) -> None:
        """Record a signal, as if it had been sent."""
        self.received = number

    def _handle(self, number: int, _frame: FrameType | None) -> None:
        self.receive(number)
        if self._can_force:
            signal.signal(number, signal.SIG_DFL)
        if ALARM:
            signal.setitimer(signal.ITIMER_REAL, PATIENCE, PATIENCE)

    def _end_wait(self, _number: int, _frame: FrameType | None) -> None:
        """End a wait that lasts, as for a file on a network that is down."""
        if _Wait.since is not None and time.monotonic() - _Wait.since > PATIENCE / 2:
            raise WaitInterrupted(self.received)
