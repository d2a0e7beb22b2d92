"""What a person can get wrong about a run."""

from __future__ import annotations


class TrainingError(Exception):
    """A run that cannot start or go on; `str()` is one sentence with the way out."""


class PeerError(TrainingError):
    """What another process of the run has failed at, and says itself."""


class DeadReaderError(TrainingError):
    """A process that reads images has died."""

    def __init__(self) -> None:
        """Say so; nobody knows more."""
        super().__init__(
            "a process that reads images has died, perhaps for want of memory: use a "
            "smaller `--batch-size`"
        )


class Stopped(Exception):  # noqa: N818  # no error: somebody wanted it
    """A run that a signal has ended; `str()` says how to go on."""

    def __init__(self, message: str, signal: int) -> None:
        """Of a signal by its number."""
        super().__init__(message)
        self.signal = signal
