"""What comes between two steps: a signal, a report that is due, a checkpoint."""

from __future__ import annotations

import signal
import threading
import time
from dataclasses import dataclass, field
from types import FrameType
from typing import NamedTuple, Self

from archspec.training.machine.world import World

SAVE_INTERVAL = 600.0  # seconds between two checkpoints within an epoch
LOOK_EVERY = 16  # steps: processes with GPUs need not agree more often
HANGUP = getattr(signal, "SIGHUP", None)  # a terminal has gone; Windows has none
SIGNALS = [signal.SIGINT, signal.SIGTERM, *([HANGUP] if HANGUP else [])]


class Interrupted(Exception):  # noqa: N818  # the loop catches it
    """A signal has come where there is nothing to save yet."""

    def __init__(self, signal: int) -> None:
        """Of a signal by its number."""
        super().__init__()
        self.signal = signal


class Due(NamedTuple):
    """What to do after a step, the same in all processes."""

    signal: int = 0
    """The number of the signal that ends the run."""

    report: bool = False
    save: bool = False
    bad: bool = False
    """Whether a loss was no number."""


@dataclass(slots=True)
class Watch:
    """Listens for signals and looks at the clock, for all processes of a run."""

    world: World
    report_interval: float
    signal: int = 0
    _reported: float = field(default_factory=time.monotonic)
    _saved: float = field(default_factory=time.monotonic)
    _handlers: dict[int, object] = field(default_factory=dict)

    def look(self, step: int, *, bad: bool = False) -> Due:
        """What is due after a step. All processes ask at the same steps."""
        if (
            self.world.size > 1
            and self.world.device.type != "cpu"
            and step % LOOK_EVERY
        ):
            return Due()
        now = time.monotonic()
        report = self.world.is_main and now - self._reported >= self.report_interval
        save = self.world.is_main and now - self._saved >= SAVE_INTERVAL
        found, *flags = self.world.any([self.signal, report, save, bad])
        due = Due(found, *map(bool, flags))
        self._reported = now if due.report else self._reported
        self._saved = now if due.save else self._saved
        return due

    def __enter__(self) -> Self:
        """Begin to listen; only a process's main thread hears signals."""
        is_main_thread = threading.current_thread() is threading.main_thread()
        for number in SIGNALS if is_main_thread else ():
            if number == HANGUP and signal.getsignal(number) is signal.SIG_IGN:
                continue  # `nohup` wants it so
            self._handlers[number] = signal.signal(number, self._note)
        return self

    def __exit__(self, *error: object) -> None:
        """Let signals do what they did before."""
        for number, handler in self._handlers.items():
            signal.signal(number, handler)  # type: ignore[arg-type]

    def _note(self, number: int, _frame: FrameType | None) -> None:
        """Remember a signal. One more of the same ends the process at once.

        Not where processes work together: a terminal and `torchrun` both tell them.
        """
        self.signal = number
        if self.world.size == 1:
            signal.signal(number, signal.SIG_DFL)
