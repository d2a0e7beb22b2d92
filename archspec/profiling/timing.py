"""Time a function on a device."""

from __future__ import annotations

import time
from collections.abc import Callable

import torch

MIN_REPEATS = 5
SHORT = 0.05  # seconds for all repeats: a function of microseconds runs often
LONG = 1.0


def best_time(
    function: Callable[[], object], device: torch.device, min_seconds: float
) -> float:
    """The seconds of the fastest call, after one call to warm up.

    Other processes can only add to a time. If they need the same cores, the median of a
    function of some milliseconds is a multiple of the time that it needs.
    """
    function()
    _synchronize(device)
    times: list[float] = []
    while len(times) < MIN_REPEATS or sum(times) < min_seconds:
        started = time.perf_counter()
        function()
        _synchronize(device)
        times.append(time.perf_counter() - started)
    return min(times)


def _synchronize(device: torch.device) -> None:
    """Wait until the device has finished; a CPU has when the function returns."""
    if device.type != "cpu":
        torch.accelerator.synchronize(device)
