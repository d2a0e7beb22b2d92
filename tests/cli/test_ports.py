"""Commands on networks with several inputs and outputs."""

from __future__ import annotations

import json

import pytest

SPEC = """archspec: 1
name: several
input: {image: 3x16x16, noise: 8}
net:
  - low: ref(image) | conv(4, k=3) | relu
  - global_avgpool | flatten
  - add: [ref(noise) | linear(4), identity]
  - high: linear(2)
outputs: [low, high]
"""


@pytest.fixture
def path(tmp_path):
    file = tmp_path / "several.yaml"
    file.write_text(SPEC)
    return str(file)


def test_summary_has_inputs_by_name_and_outputs_in_a_list(archspec, path):
    data = json.loads(archspec("summary", path, "--format", "json").out)
    assert data["input"] == {"image": [3, 16, 16], "noise": [8]}
    assert data["output"] == [[4, 14, 14], [2]]
    # Both inputs are in memory while the first layer runs.
    assert data["layers"][0]["live_bytes"] == 4 * (3 * 16 * 16 + 8 + 4 * 14 * 14)


def test_summary_and_check_show_all_shapes(archspec, path):
    out = archspec("summary", path, "--input", "noise=9").out
    assert out.startswith("several, input 3x16x16, 9\n")
    assert archspec("check", path).out.endswith("output [4, 14, 14], [2]\n")


def test_sizes_are_those_of_the_images(archspec, path):
    assert "3..20" in archspec("check", path, "--sizes", "1..20").out


def test_drawings_name_the_ends(archspec, path, tmp_path):
    for name in ("a.dot", "a.html", "a.svg"):
        assert archspec("draw", path, "-o", str(tmp_path / name)).code == 0
    dot = (tmp_path / "a.dot").read_text()
    assert all(f"input_{name} ->" in dot for name in ("image", "noise"))
    assert all(f"-> output_{name}" in dot for name in ("low", "high"))
    page = (tmp_path / "a.html").read_text()
    ends = ("image 3×16×16", "noise 8", "low 4×14×14", "high 2")
    assert all(f">{end}<" in page for end in ends)


def test_diff_shows_inputs(archspec, path, tmp_path):
    other = tmp_path / "other.yaml"
    other.write_text(SPEC.replace("noise: 8", "noise: 9"))
    out = archspec("diff", path, str(other)).out
    assert "3x16x16, 8" in out
    assert "3x16x16, 9" in out


def test_diff_tells_inputs_apart(archspec, tmp_path):
    texts = "archspec: 1\ninput: {a: 3x4x4, b: 3x4x4}\nnet:\n  - sub: x\n"
    net = "  - add:\n      - ref(a) | conv(3, k=1)\n      - ref(b) | relu\n"
    one, other = tmp_path / "one.yaml", tmp_path / "other.yaml"
    one.write_text(texts.replace("  - sub: x\n", net))
    swapped = net.replace("ref(a)", "ref(c)").replace("ref(b)", "ref(a)")
    other.write_text(texts.replace("  - sub: x\n", swapped.replace("ref(c)", "ref(b)")))
    out = archspec("diff", str(one), str(other)).out
    assert "reads" in out
