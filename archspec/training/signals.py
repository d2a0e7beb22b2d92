"""Receive the signals that stop a run: Ctrl-C, a terminal that closes, a scheduler."""

from __future__ import annotations

import signal
import threading
from types import FrameType
from typing import Self

HANGUP = getattr(signal, "SIGHUP", None)  # the terminal closed; Windows lacks it
BROKEN_PIPE = int(getattr(signal, "SIGPIPE", 13))  # the reader of our output has exited
SIGNALS = [signal.SIGINT, signal.SIGTERM, *([HANGUP] if HANGUP else [])]


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
        return self

    def __exit__(self, *error: object) -> None:
        """Restore the handlers."""
        for number, handler in self._handlers.items():
            signal.signal(number, handler)  # type: ignore[arg-type]

    def receive(self, number: int) -> None:
        """Record a signal, as if it had been sent."""
        self.received = number

    def _handle(self, number: int, _frame: FrameType | None) -> None:
        self.receive(number)
        if self._can_force:
            signal.signal(number, signal.SIG_DFL)
