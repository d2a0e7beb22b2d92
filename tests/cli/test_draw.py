"""`archspec draw`: formats by suffix, and directions."""

from __future__ import annotations

import pytest


@pytest.mark.parametrize(
    ("name", "start"),
    [("a.svg", b"<?xml"), ("a.PDF", b"%PDF"), ("a.html", b"<!DOCTYPE html>")],
)
def test_the_suffix_is_the_format(archspec, good, tmp_path, name, start):
    outcome = archspec("draw", good, "-o", tmp_path / name)
    assert (outcome.code, outcome.out, outcome.err) == (0, "", "")
    assert (tmp_path / name).read_bytes().startswith(start)


def test_direction(archspec, good):
    assert "rankdir=LR" in archspec("draw", good, "--direction", "LR").out
    assert "rankdir=TB" in archspec("draw", good).out


def test_a_page_has_one_direction(archspec, good, tmp_path):
    page = tmp_path / "a.html"
    outcome = archspec("draw", good, "-o", page, "--direction", "LR")
    assert outcome.code == 2
    assert outcome.err == (
        "error: the page goes from top to bottom: leave `--direction LR` out\n"
    )
    assert not page.exists()
