"""The docs list where torchvision draws initial weights otherwise: `make zoo`."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.zoo
def test_the_docs_list_what_is_measured() -> None:
    command = [sys.executable, "benchmarks/initialization.py"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout in (ROOT / "docs" / "zoo.md").read_text()
