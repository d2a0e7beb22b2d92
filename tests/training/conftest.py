"""Fixtures of `tests/runs`, and the limits of tests that train."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import torch

from tiny_runs import command, tiny

from .processes import STARTED

__all__ = ["command", "tiny"]


@pytest.fixture(autouse=True)
def _one_thread(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Threads cost these small networks more than they bring, most on a busy machine."""
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(autouse=True)
def _no_process_left() -> Iterator[None]:
    """Kill the runs that a failed test has left."""
    yield
    for process in STARTED:
        process.kill()
    STARTED.clear()
