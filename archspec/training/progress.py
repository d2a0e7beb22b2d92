"""What a person sees of a run: a live bar on a terminal, plain lines elsewhere."""

from __future__ import annotations

import time
from functools import partial
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from archspec.training.history import EpochMetrics
from archspec.training.metrics import Totals

LIVE_INTERVAL, PLAIN_INTERVAL = 0.5, 10.0  # seconds between reports within an epoch


class RunProgress:
    """Where the loop reports to; a line stays for each epoch."""

    def __init__(
        self, steps_per_epoch: int, epochs: int, *, done: int = 0, quiet: bool = False
    ) -> None:
        """Report on a run of which `done` epochs were done before."""
        self._steps_per_epoch = steps_per_epoch
        self._epochs = epochs
        console = partial(
            Console, highlight=False, markup=False, soft_wrap=True, quiet=quiet
        )
        self._console, self._warnings = console(), console(stderr=True)
        self._is_live = self._console.is_terminal and not quiet
        self.interval = LIVE_INTERVAL if self._is_live else PLAIN_INTERVAL
        self._bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            TextColumn("{task.fields[figures]}"),
            TimeRemainingColumn(),
            console=self._console,
            transient=True,
            disable=not self._is_live,
        )
        self._task = self._bar.add_task(
            f"epoch {done + 1}/{epochs}",
            total=steps_per_epoch * epochs,
            completed=steps_per_epoch * done,
            figures="",
        )
        self._reported = time.perf_counter()

    def say(self, line: str) -> None:
        """A line that stays."""
        self._console.print(line)

    def warn(self, line: str) -> None:
        """A line on stderr, if there is one."""
        if line:
            self._warnings.print(f"warning: {line}")

    def step(self, epoch: int, step: int, recent: Totals) -> None:
        """So many steps of an epoch are done; `recent` is since the last report."""
        speed = recent.images / self._restart()
        figures = f"loss {recent.mean_loss:.3f}  accuracy {recent.accuracy:.3f}  {speed:,.0f} images/s"
        if self._is_live:
            self._bar.update(
                self._task,
                description=f"epoch {epoch}/{self._epochs}",
                completed=self._steps_per_epoch * (epoch - 1) + step,
                figures=figures,
            )
        else:
            self.say(
                f"epoch {epoch}/{self._epochs}  step {step}/{self._steps_per_epoch}  {figures}"
            )

    def epoch(self, metrics: EpochMetrics) -> None:
        """An epoch is done and measured."""
        self.say(
            f"epoch {metrics.epoch}/{self._epochs}  "
            f"train loss {metrics.train_loss:.3f} accuracy {metrics.train_accuracy:.3f}  "
            f"val loss {metrics.val_loss:.3f} accuracy {metrics.val_accuracy:.3f}  "
            f"lr {metrics.lr:.3g}  {metrics.images_per_second:,.0f} images/s  "
            f"{metrics.seconds:.1f} s"
        )
        self._restart()

    def _restart(self) -> float:
        """Begin the interval anew; the seconds that it took."""
        before, self._reported = self._reported, time.perf_counter()
        return self._reported - before

    def __enter__(self) -> Self:
        """Show the bar."""
        self._bar.start()
        self._restart()
        return self

    def __exit__(self, *error: object) -> None:
        """Take the bar away, whatever ended the run."""
        self._bar.stop()
