"""`archspec draw`: formats by suffix, and directions."""

from __future__ import annotations

import pytest

import archspec as archspec_package


@pytest.mark.parametrize(
    ("name", "start"),
    [("a.svg", b"<?xml"), ("a.PDF", b"%PDF"), ("a.html", b"<!DOCTYPE html>")],
)
def test_the_suffix_is_the_format(archspec, good, tmp_path, name, start):
    outcome = archspec("draw", good, "-o", tmp_path / name)
    assert (outcome.code, outcome.err) == (0, "")
    assert outcome.out == f"wrote {tmp_path / name}\n"
    assert (tmp_path / name).read_bytes().startswith(start)


def test_direction(archspec, good):
    assert "rankdir=LR" in archspec("draw", good, "-o-", "--direction", "LR").out
    assert "rankdir=TB" in archspec("draw", good, "-o", "-").out


def test_a_page_has_one_direction(archspec, good, tmp_path):
    page = tmp_path / "a.html"
    outcome = archspec("draw", good, "-o", page, "--direction", "LR")
    assert outcome.code == 2
    assert outcome.err == (
        "error: a page is drawn from top to bottom: omit `--direction LR`\n"
    )
    assert not page.exists()


def test_the_picture_is_named_after_the_network(archspec, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    outcome = archspec("draw", "lenet")
    assert (outcome.code, outcome.out) == (0, "wrote lenet.svg\n")
    assert (tmp_path / "lenet.svg").read_bytes().startswith(b"<?xml")


def test_a_drawing_is_saved_by_suffix(good, tmp_path):
    drawing = archspec_package.draw(good)
    drawing.save(tmp_path / "a.PNG")
    assert (tmp_path / "a.PNG").read_bytes().startswith(b"\x89PNG")
    with pytest.raises(ValueError, match="svg, png, pdf, dot, html, found gif"):
        drawing.render("gif")


def test_open_shows_the_picture(archspec, good, tmp_path, monkeypatch):
    shown = []
    monkeypatch.setattr("webbrowser.open", shown.append)
    path = tmp_path / "a.svg"
    assert archspec("draw", good, "-o", path, "--open").code == 0
    assert shown == [path.as_uri()]
