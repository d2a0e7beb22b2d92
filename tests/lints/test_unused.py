"""What is not warned about; the corpus shows what is."""

from __future__ import annotations

from pathlib import Path

import pytest

import archspec
from specs import check, codes

PACKAGE = Path(archspec.__file__).parent
FILES = [*PACKAGE.parent.glob("specs/*.yaml"), *PACKAGE.glob("library/*.yaml")]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_what_comes_with_archspec_has_a_use(path):
    assert archspec.check(path).diagnostics == ()


def test_there_are_files():
    assert len(FILES) > 5


def test_a_warning_leaves_the_network():
    result = check("params: {n: 1}\nnet: [relu]\n")
    assert [d.code for d in result.diagnostics] == ["unused-parameter"]
    assert result.ok
    assert result.require().output_shape == (3, 32, 32)


def test_a_typo_is_one_mistake():
    """It leaves `width` unread too."""
    text = "params: {width: 8}\nnet:\n  - conv(widht, k=1)\n"
    assert codes(text) == ["undefined-name"]


def test_what_starts_with_an_underscore_may_stay_unread():
    text = "blocks:\n  unit(_c, *, _k=1): relu\nnet:\n  - unit(8)\n"
    assert codes(text) == []


def test_a_param_that_holds_a_block_may_be_set_to_any():
    text = "params: {unit: one}\nblocks:\n  one: relu\n  two: tanh\nnet: [unit]\n"
    assert codes(text) == []


def test_blocks_of_a_library_are_for_others():
    text = "archspec: 1\nblocks:\n  unit(c): conv(c, k=1)\n"
    assert codes(text) == []


def test_a_comment_silences_its_line():
    text = "params: {n: 1}  # archspec: ignore[unused-parameter]\nnet: [relu]\n"
    assert codes(text) == []
    assert codes(text.replace("unused-parameter", "pool-gaps, unused-parameter")) == []
    assert codes(text.replace("unused-parameter", "unused-name")) != []
    assert codes(text.replace("  #", "\n#")) == ["unused-parameter"]
