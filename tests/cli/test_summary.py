"""What `archspec summary` prints, beside the rows that it shows."""

from __future__ import annotations

import pytest


def test_markdown_has_the_title_of_the_table(archspec):
    title = "lenet, input 1x28x28, batch 4"
    for format_ in ("table", "markdown"):
        done = archspec("summary", "lenet", "--batch", "4", "--format", format_)
        assert done.out.splitlines()[0] == title
    _, blank, header, *_ = done.out.splitlines()
    assert blank == ""
    assert header.startswith("| layer | op | ")


def test_bytes_have_no_decimals(archspec, tmp_path):
    path = tmp_path / "tiny.yaml"
    path.write_text("archspec: 1\ninput: 4x8x8\nnet: [tanh, 'conv(4, k=1)', tanh]\n")
    lines = archspec("summary", path, "--format", "markdown").out.splitlines()
    assert "| B saved |" in lines[2]
    assert [line.split(" | ")[6] for line in lines[4:7]] == ["", "1,024", "1,024"]


@pytest.mark.parametrize("batch", ["0", "65537", "1" + 400 * "0"])
def test_no_batch(archspec, batch):
    done = archspec("summary", "lenet", "--batch", batch)
    assert (done.code, done.out) == (2, "")
    assert "--batch" in done.err


def test_a_network_with_an_error_is_shown_as_far_as_it_is_known(archspec, tmp_path):
    path = tmp_path / "part.yaml"
    path.write_text(
        "archspec: 1\ninput: 3x8x8\n"
        "net: ['conv(4, k=3)', linaer, relu, 'flatten -> [144]', linear(5)]\n"
    )
    done = archspec("summary", path)
    assert done.code == 1
    assert "error[unknown-op]" in done.err
    rows = [line.split() for line in done.out.splitlines()[3:-1]]
    assert [(row[1], row[3]) for row in rows] == [
        ("conv", "4x6x6"),
        ("relu", "?"),
        ("flatten", "?"),
        ("linear", "5"),
    ]
    drawn = archspec("draw", path, "-o", "-")
    assert drawn.code == 1
    assert "error[unknown-op]" in drawn.err
    assert "4×6×6" in drawn.out
    assert "?" in drawn.out
