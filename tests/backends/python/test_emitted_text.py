"""The emitted text of the specs in `emitted/`, as it was last read and found good.

`python tests/backends/python/test_emitted_text.py` rewrites it, to be read as a diff.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import archspec

FOLDER = Path(__file__).parent / "emitted"
SPECS = sorted(FOLDER.glob("*.yaml"))


def emitted(path: Path) -> str:
    """The source of a spec, without the version of archspec."""
    return re.sub(r"(?<=by archspec )\S+(?= )", "VERSION", archspec.to_source(path))


@pytest.mark.parametrize("path", SPECS, ids=lambda path: path.stem)
def test_emitted_text(path: Path) -> None:
    assert emitted(path) == path.with_suffix(".py").read_text(encoding="utf-8")


if __name__ == "__main__":
    for each in SPECS:
        each.with_suffix(".py").write_text(emitted(each), encoding="utf-8")
