"""Fixtures of `tests/runs`, and the limits of tests that train."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import torch

from archspec.runs.curves import draw_curves
from archspec.training import loop
from processes import STARTED
from tiny_runs import command, tiny

__all__ = ["command", "tiny"]


@pytest.fixture(autouse=True)
def _threads_as_before() -> Iterator[None]:
    """Undo what a run changes in this process."""
    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module", autouse=True)
def _no_curves() -> Iterator[None]:
    """Skip the curves of runs, which take longer to draw than these runs to train.

    `tests/runs/test_curves.py` tests them. A test that needs them asks for `curves`.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(loop, "draw_curves", lambda *_: None)
        yield


@pytest.fixture
def curves(monkeypatch: pytest.MonkeyPatch) -> None:
    """Draw the curves of the runs of one test."""
    monkeypatch.setattr(loop, "draw_curves", draw_curves)


@pytest.fixture(autouse=True)
def _no_process_left() -> Iterator[None]:
    """Kill the runs that a failed test has left."""
    yield
    for process in STARTED:
        process.kill()
    STARTED.clear()
