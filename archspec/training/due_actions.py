"""What is due between two steps: stop, report, or save. All processes agree on it."""

from __future__ import annotations

import time
from typing import NamedTuple

from archspec.training.distributed.world import World
from archspec.training.signals import SignalReceiver

SAVE_INTERVAL = 600.0  # seconds between two checkpoints within an epoch
AGREE_EVERY = 16  # steps between two agreements of processes on GPUs, which must wait


class Interrupted(Exception):  # noqa: N818  # not an error: the loop catches it
    """A signal arrived in an evaluation."""

    def __init__(self, signal: int) -> None:
        """Keep the number of the signal."""
        super().__init__()
        self.signal = signal


class DueActions(NamedTuple):
    """What to do after a step, the same in all processes."""

    signal: int = 0
    """The number of the signal that stops the run, or 0."""

    report: bool = False
    save: bool = False
    diverged: bool = False
    """Whether the loss of a process is NaN or infinite."""


class ActionSchedule:
    """Decides what is due after a step, from the signals received and the time."""

    def __init__(
        self, world: World, signals: SignalReceiver, report_interval: float
    ) -> None:
        """Start the intervals; `report_interval` is in seconds."""
        self._world = world
        self._signals = signals
        self._report_interval = report_interval
        self._reported = self._saved = time.monotonic()

    def due(self, step: int, *, diverged: bool = False) -> DueActions:
        """What is due after a step. All processes call it after the same steps."""
        world = self._world
        if world.size > 1 and world.device.type != "cpu" and step % AGREE_EVERY:
            return DueActions()
        now = time.monotonic()
        report = world.is_main and now - self._reported >= self._report_interval
        save = world.is_main and now - self._saved >= SAVE_INTERVAL
        signal, *flags = world.all_reduce_max(
            [self._signals.received, report, save, diverged]
        )
        actions = DueActions(signal, *map(bool, flags))
        self._reported = now if actions.report else self._reported
        self._saved = now if actions.save else self._saved
        return actions
