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
    assert "| B kept |" in lines[2]
    assert [line.split(" | ")[6] for line in lines[4:7]] == ["", "1,024", "1,024"]


@pytest.mark.parametrize("batch", ["0", "65537", "1" + 400 * "0"])
def test_no_batch(archspec, batch):
    done = archspec("summary", "lenet", "--batch", batch)
    assert (done.code, done.out) == (2, "")
    assert "--batch" in done.err
