"""Reading and drawing runs needs no torch."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

BLOCKED = """
import sys
sys.modules["torch"] = sys.modules["torchvision"] = None
"""
DRAW = """
import importlib, pkgutil
import archspec.runs
names = [each.name for each in pkgutil.iter_modules(archspec.runs.__path__)]
assert {"directory", "resolve_settings", "listing", "confusion_matrix"} <= {*names}
for name in names:
    importlib.import_module(f"archspec.runs.{name}")

from pathlib import Path
from archspec import load
from archspec.runs.config import describe_run
from archspec.runs.confusion_matrix import ConfusionMatrix, draw_confusion_matrix
from archspec.runs.curves import draw_curves
from archspec.runs.directory import RunDirectory
from archspec.runs.history import EpochMetrics
from archspec.runs.listing import read_run
from archspec.settings.settings import Settings

spec, settings = load("lenet"), Settings()
run = RunDirectory.create(spec, settings.out, describe_run(spec, settings))
run.write_metrics([EpochMetrics(1, 2.0, 0.5, 2.0, 0.5, 0.1, 100.0, 1.0)])
record = read_run(run.path)
draw_curves(record.history, record.spec.name, run.path)
matrix = ConfusionMatrix(("a", "b"), [[2, 1], [0, 3]])
draw_confusion_matrix(matrix, "lenet", Path("confusion.png"))
"""


def run_python(code: str, folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", code],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_run_is_written_read_and_drawn_without_torch(tmp_path: Path) -> None:
    done = run_python(BLOCKED + DRAW, tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    names = {path.name for path in tmp_path.rglob("*.*")}
    assert {"confusion.png", "curves.png", "curves.svg", "metrics.jsonl"} <= names


@pytest.mark.parametrize("module", ["loop", "objective"])
def test_the_test_can_fail(module: str, tmp_path: Path) -> None:
    """Training needs torch: the block works."""
    done = run_python(f"{BLOCKED}import archspec.training.{module}", tmp_path)
    assert done.returncode == 1
    assert "torch" in done.stderr.strip().splitlines()[-1]
