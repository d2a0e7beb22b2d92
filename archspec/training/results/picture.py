"""Pictures as files: the same bytes for the same figures."""

from __future__ import annotations

import warnings
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
    # Without the salt names in an SVG are random; a box stands for what no font has.
    with mpl.rc_context({"svg.hashsalt": "archspec"}), warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Glyph")
        write_atomically(path, save)
