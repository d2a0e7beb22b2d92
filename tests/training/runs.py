"""What tests read in the directory of a run."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch


def rows(run: Path) -> list[dict[str, Any]]:
    """The lines of a run's metrics."""
    return [
        json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()
    ]


def losses(run: Path) -> list[tuple[float, float, float]]:
    """What must not change when a run is repeated."""
    return [
        (row["train_loss"], row["val_loss"], row["val_accuracy"]) for row in rows(run)
    ]


def weights(run: Path, name: str = "last.pt") -> dict[str, torch.Tensor]:
    """The weights in a checkpoint."""
    state: dict[str, torch.Tensor] = torch.load(run / name, weights_only=True)["model"]
    return state


def assert_same_weights(run: Path, other: Path, name: str = "last.pt") -> None:
    """Bit for bit, and all else that a run goes on from."""
    ours, theirs = (torch.load(each / name, weights_only=True) for each in (run, other))
    for part in ("model", "ema", "optimizer", "scaler"):
        torch.testing.assert_close(ours[part], theirs[part], rtol=0, atol=0)


def assert_close(run: Path, other: Path) -> None:
    """The same but for the order in which numbers are added."""
    for ours, theirs in zip(losses(run), losses(other), strict=True):
        torch.testing.assert_close(ours, theirs, rtol=1e-4, atol=1e-6)
    ours, theirs = weights(run), weights(other)
    torch.testing.assert_close(ours, theirs, rtol=1e-3, atol=1e-5)


def wait_for(path: Path, is_alive: Callable[[], bool], lines: int) -> None:
    """Wait until a run has written so many lines of metrics."""
    while not (path.exists() and len(path.read_text().splitlines()) >= lines):
        assert is_alive()
        time.sleep(0.005)


def wait_for_change(path: Path, is_alive: Callable[[], bool]) -> None:
    """Wait until a file is written anew."""
    before = written_at(path)
    while written_at(path) in (0, before):
        assert is_alive()
        time.sleep(0.002)


def written_at(path: Path) -> int:
    """When a file was written, in ns; 0 while another is put in its place."""
    try:
        return path.stat().st_mtime_ns
    except FileNotFoundError:
        return 0
