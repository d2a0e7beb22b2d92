"""Print the progress of a run: a live bar on a terminal, plain lines elsewhere."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterable
from datetime import timedelta
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn

from archspec.diagnostics.terminal import columns, output_width, wrapped
from archspec.runs.history import EpochMetrics
from archspec.training.metrics import Totals

BAR = 24  # columns for the bar, and for the word "evaluation"
LIVE_INTERVAL, PLAIN_INTERVAL = 0.5, 10.0  # seconds between reports within an epoch


class _Console(Console):
    """A console that reports a closed output, as after `| head`, and then stays silent."""

    on_closed: Callable[[], None]

    def on_broken_pipe(self) -> None:
        """Replace the output by the null device, and report."""
        self.quiet = True
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        self.on_closed()


def _joined(figures: Iterable[str], width: int) -> str:
    """Join the figures, and omit the last ones where the line would be too long."""
    shown = [figure for figure in figures if figure]
    while len(shown) > 1 and len("  ".join(shown)) > width:
        shown.pop()
    return "  ".join(shown)


class RunProgress:
    """Prints reports within epochs, and one line for each epoch."""

    def __init__(
        self,
        steps_per_epoch: int,
        epochs: int,
        *,
        done: int = 0,
        quiet: bool = False,
        on_closed: Callable[[], None] = lambda: None,
    ) -> None:
        """Prepare the bar of a run of which `done` epochs are finished.

        `on_closed` is called when nobody reads the output any more.
        """
        self._steps_per_epoch = steps_per_epoch
        self._epochs = epochs
        self._console = _Console(
            highlight=False, markup=False, soft_wrap=True, quiet=quiet
        )
        self._console.on_closed = on_closed
        self._is_quiet = quiet
        self._is_live = self._console.is_terminal and not quiet
        self.interval = LIVE_INTERVAL if self._is_live else PLAIN_INTERVAL
        self._bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(bar_width=None),
            TextColumn("{task.fields[figures]}"),
            console=self._console,
            transient=True,
            expand=True,
            disable=not self._is_live,
        )
        self._task = self._bar.add_task(
            f"epoch {done + 1}/{epochs}",
            total=steps_per_epoch * epochs,
            completed=steps_per_epoch * done,
            figures="",
        )
        self._reported = time.perf_counter()
        # The time and the epochs, with a fraction, of the first report.
        self._first: tuple[float, float] | None = None

    def print_line(self, line: str) -> None:
        """Print a line, unless it is empty; a terminal shows it wrapped."""
        if line and self._console.is_terminal:
            line = wrapped(line, output_width())
        if line:
            self._console.print(line)

    def warn(self, line: str) -> None:
        """Print a warning on stderr, unless it is empty."""
        if line and not self._is_quiet:
            text, width = f"warning: {line}", columns(sys.stderr)
            text = wrapped(text, width) if width else text
            print(text, file=sys.stderr)  # rich moves the bar

    def step(self, epoch: int, step: int, recent: Totals) -> None:
        """Report a finished step; `recent` are the metrics since the last report."""
        speed = recent.images / self._restart()
        figures = [
            f"loss {recent.mean_loss:.3f}",
            self._time_left(epoch, step),
            f"accuracy {recent.accuracy:.3f}",
            f"{speed:,.0f} images/s",
        ]
        start = f"epoch {epoch}/{self._epochs}"
        if self._is_live:
            self._bar.update(
                self._task,
                description=start,
                completed=self._steps_per_epoch * (epoch - 1) + step,
                figures=_joined(figures, output_width() - len(start) - BAR),
            )
        else:
            place = f"step {step}/{self._steps_per_epoch}"
            self.print_line(_joined([start, place, *figures], output_width()))

    def _time_left(self, epoch: int, step: int) -> str:
        """Extrapolate from the time since the first report, which includes evaluations."""
        point = epoch - 1 + step / self._steps_per_epoch
        if self._first is None:
            self._first = self._reported, point
        first_time, first_point = self._first
        if point == first_point:
            return ""
        per_epoch = (self._reported - first_time) / (point - first_point)
        seconds = per_epoch * (self._epochs - point)
        return f"{timedelta(seconds=round(seconds))} left"

    def evaluating(self, epoch: int) -> None:
        """Show that the steps of an epoch are finished and its evaluation starts."""
        self._bar.update(
            self._task,
            description=f"epoch {epoch}/{self._epochs}, evaluation",
            completed=self._steps_per_epoch * epoch,
        )

    def epoch(self, metrics: EpochMetrics) -> None:
        """Print the metrics of an epoch."""
        val, test = f"{metrics.val_accuracy:.3f}", ""
        if metrics.test_accuracy is not None:
            test = f", test {metrics.test_accuracy:.3f}"
        figures = [
            f"epoch {metrics.epoch}/{self._epochs}",
            f"loss {metrics.train_loss:.3f} (val {metrics.val_loss:.3f})",
            f"accuracy {metrics.train_accuracy:.3f} (val {val}{test})",
            f"{metrics.seconds:.1f} s",
            f"lr {metrics.lr:.3g}",
            f"{metrics.images_per_second:,.0f} images/s",
        ]
        self.print_line(_joined(figures, output_width()))
        self._restart()

    def _restart(self) -> float:
        """Start a new interval; return the seconds of the one before."""
        before, self._reported = self._reported, time.perf_counter()
        return self._reported - before

    def __enter__(self) -> Self:
        """Show the bar."""
        self._bar.start()
        self._restart()
        return self

    def __exit__(self, *error: object) -> None:
        """Remove the bar."""
        self._bar.stop()
