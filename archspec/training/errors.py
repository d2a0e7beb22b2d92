"""What a person can get wrong about a run."""

from __future__ import annotations


class TrainingError(Exception):
    """A run that cannot start or go on; `str()` is one sentence with the way out."""
