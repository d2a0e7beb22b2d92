"""Errors that end a run and that its user can fix."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from archspec.settings.declaration import InvalidSettingError


class TrainingError(Exception):
    """A run, weights or images cannot be used. `str()` is a sentence with a hint.

    >>> import archspec
    >>> try:
    ...     archspec.compile("lenet", weights="missing.pt")
    ... except archspec.TrainingError as error:
    ...     print(str(error).partition(":")[0])
    `missing.pt` does not exist
    """


class UsageError(TrainingError):
    """What was asked for is unknown or contradictory: a name, a file or a setting."""


@contextmanager
def reject_invalid_settings() -> Iterator[None]:
    """Raise an `InvalidSettingError` as a `UsageError`."""
    try:
        yield
    except InvalidSettingError as error:
        raise UsageError(str(error)) from error


class PeerError(TrainingError):
    """Another process of the run failed, and reports the error itself."""


class DataLoaderWorkerError(TrainingError):
    """A worker process of a data loader died."""

    def __init__(self) -> None:
        """Set the message; the worker left no reason."""
        super().__init__(
            "a data-loader worker crashed, perhaps for lack of memory: use a "
            "smaller `--batch-size`"
        )


class Stopped(Exception):  # noqa: N818  # not an error: the user asked for it
    """A signal stopped the run after it was saved; `str()` tells how to resume it."""

    def __init__(self, message: str, signal: int) -> None:
        """Keep the number of the signal, which the exit code reports."""
        super().__init__(message)
        self.signal = signal


def short_message(error: BaseException) -> str:
    """The first line of an error in lower case, to be quoted in another sentence.

    >>> short_message(OSError(28, "No space left on device"))
    'no space left on device'
    """
    text = getattr(error, "strerror", None) or str(error)
    return (
        text.strip().splitlines()[0].lower() if text.strip() else type(error).__name__
    )
