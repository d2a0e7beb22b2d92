"""What `check --sizes` says."""

from __future__ import annotations

import json

import pytest


def test_text(archspec, good, bad):
    done = archspec("check", "--sizes", "1..8", good, bad)
    assert done.code == 1
    assert done.out.splitlines() == [
        f"{good}: valid sizes 3..8",
        f"  2: {good}:6:19: error[empty-output]: a 3x3 kernel does not fit into 2x2",
        f"{bad}: no valid size",
        f"  8: {bad}:4:5: error[unknown-op]: unknown op or block `cnov`",
    ]


def test_json(archspec, good):
    done = archspec("check", "--sizes", "1..8", good, "--format", "json")
    (file,) = json.loads(done.out)["files"]
    assert done.code == 0
    assert file["ok"]
    assert file["sizes"] == [[3, 8]]
    (reason,) = file["reasons"]
    assert (reason["size"], reason["code"], reason["line"]) == (2, "empty-output", 6)


def test_what_is_wrong_at_any_size_is_reported_as_ever(archspec, good):
    good.write_text(good.read_text() + "nett: 3\n")
    done = archspec("check", "--sizes", "1..8", good)
    assert done.code == 1
    assert "error[unknown-key]" in done.out


def test_options_count(archspec, good):
    good.write_text(good.read_text().replace("relu", "conv(4, k=1, g=width)"))
    answers = {
        ("--set", "width=3"): "no valid size",
        ("--set", "width=2"): "valid sizes 3..4",
        ("--variant", "wide"): "no valid size",
        ("--input", "5x9x9"): "valid sizes 3..4",
    }
    for options, answer in answers.items():
        done = archspec("check", "--sizes", "2..4", good, *options)
        title = f"{good}:wide" if "wide" in options else good
        assert done.out.splitlines()[0] == f"{title}: {answer}"


def test_a_library_has_no_sizes(archspec, tmp_path):
    path = tmp_path / "blocks.yaml"
    path.write_text("archspec: 1\nblocks: {unit: relu}\n")
    done = archspec("check", "--sizes", "1..8", path)
    assert (done.code, done.out) == (0, f"{path}: it has no `net`\n")


@pytest.mark.parametrize(
    "text", ["", "a..b", "0..3", "5..1", "1..", "1..2..3", "-1", "1 .. 2", "1..9999999"]
)
def test_no_sizes(archspec, good, text):
    done = archspec("check", "--sizes", text, good)
    assert (done.code, done.out) == (2, "")
    assert done.err.startswith("error: ")
    assert done.err.count("\n") == 1
    assert f"`{text}`" in done.err
