"""Shared by all tests: their helpers are importable, whatever the import mode."""

from __future__ import annotations

import gc
import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

os.environ["COLUMNS"] = "80"  # the width of outputs, whatever the terminal is

# torch reads this when it is imported, here and in every process that a test starts.
# The networks of tests are small and the other cores run other tests.
os.environ["OMP_NUM_THREADS"] = "1"

# Most objects are torch's and pytest's, and live until the end. The garbage collector
# would visit them again and again, for a tenth of the time.
gc.disable()


def pytest_collection_finish() -> None:
    """Collect only what tests make, and less often."""
    gc.freeze()
    gc.set_threshold(1_000_000, 10, 10)
    gc.enable()
