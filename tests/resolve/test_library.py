"""The library is parsed on demand; its names are known before."""

from __future__ import annotations

import subprocess
import sys

from archspec.resolve.library import library


def test_each_name_has_a_block_of_that_name() -> None:
    assert library()
    for name, block in library().items():
        assert block.definition.name.id == name


def test_a_spec_without_library_blocks_parses_no_library() -> None:
    code = (
        "import archspec; from archspec.resolve.library import library\n"
        "assert archspec.check('lenet').ok\n"
        "print([n for n, b in library().items() if 'definition' in vars(b)])"
    )
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
