"""Write figures of matplotlib as files, with the same bytes for the same figure."""

from __future__ import annotations

import warnings
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from archspec.backends.mark import MARK
from archspec.runs.atomic_files import write_atomically

if TYPE_CHECKING:
    from matplotlib.figure import Figure

# Metadata by format. SVG and PDF files would contain the time they were made.
METADATA = {
    "png": {"Software": MARK},
    "svg": {"Creator": MARK, "Date": None},
    "pdf": {"Creator": MARK, "CreationDate": None},
}
FORMATS = tuple(METADATA)


def save_figure(figure: Figure, path: Path) -> None:
    """Write a figure in the format that the suffix of the path names.

    Raises:
        TrainingError: if the file cannot be written.
    """
    import matplotlib as mpl

    format_ = path.suffix.removeprefix(".").lower()
    save = partial(figure.savefig, format=format_, metadata=METADATA[format_])
    # Without the salt, matplotlib draws random ids for an SVG. The warning is about a
    # character that is missing from the font: matplotlib draws a box instead.
    with mpl.rc_context({"svg.hashsalt": "archspec"}), warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Glyph")
        write_atomically(path, save)
