"""How long something takes on a device."""

from __future__ import annotations

import time
from collections.abc import Callable

import torch

RUNS = 5  # at least
SHORT = 0.05  # seconds, in all: what takes microseconds runs often
LONG = 1.0


def seconds(run: Callable[[], object], device: torch.device, at_least: float) -> float:
    """The least of several runs, after one that warms up.

    What else the machine does only adds to a time: where others want its cores, the
    median of a step of some milliseconds is a multiple of what the step takes.
    """
    run()
    _wait(device)
    times: list[float] = []
    while len(times) < RUNS or sum(times) < at_least:
        started = time.perf_counter()
        run()
        _wait(device)
        times.append(time.perf_counter() - started)
    return min(times)


def _wait(device: torch.device) -> None:
    """Until the device has done its work; the CPU has when it answers."""
    if device.type != "cpu":
        torch.accelerator.synchronize(device)
