"""Pictures as files: the same bytes for the same figures."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from archspec.training.files import write_atomically

if TYPE_CHECKING:
    from matplotlib.figure import Figure

# A format, and what would put the time of day into its files.
DATES = {"png": {}, "svg": {"Date": None}, "pdf": {"CreationDate": None}}
FORMATS = tuple(DATES)


def save_picture(figure: Figure, path: Path) -> None:
    """Write a figure; the suffix is its format.

    Raises:
        TrainingError: if the disk does not take it.
    """
    import matplotlib as mpl

    format_ = path.suffix.removeprefix(".").lower()
    save = partial(figure.savefig, format=format_, metadata=DATES[format_])
    with mpl.rc_context({"svg.hashsalt": "archspec"}):  # else names are random
        write_atomically(path, save)
