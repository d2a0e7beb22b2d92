"""How torch's threads behave; what is set here must be set before torch is loaded."""

from __future__ import annotations

import os


def sleep_when_idle() -> None:
    """Let threads sleep between two operations, unless the user has said otherwise.

    They spin by default. Where another process wants the same cores, an operation then
    waits for a thread that has none: steps of a small network take up to a second.
    """
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
