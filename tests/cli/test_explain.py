"""`archspec explain`: its bad examples have the finding, and its good ones none."""

from __future__ import annotations

import json
import re
import textwrap
from pathlib import Path

import pytest

from archspec.cli.language_pages import STEPS
from archspec.diagnostics.codes import CODES
from archspec.frontend.schema.json_schema import published_schema
from archspec.settings.settings import FLAGS

# What an example leaves out, since it is the same everywhere.
USUAL = {
    "archspec": "archspec: 1",
    "input": "input: 3x32x32",
    "net": "net:\n  - relu",
}


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """What the examples of the pages find around them."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "blocks.yaml").write_text(
        "archspec: 1\nblocks:\n  unit(n):\n    - conv(n, k=1)\n"
    )
    (tmp_path / "photo.png").write_bytes(b"\x89PNG\r\n\x1a\n\0\0")
    (tmp_path / "weights.yaml").write_bytes(b"0" * 2_000_000)
    (tmp_path / "empty.yaml").write_text("")
    (tmp_path / "notes.yaml").write_text(whole("- todo\n" * 200))
    (tmp_path / "net.yaml").write_text("\n".join(USUAL.values()))
    return tmp_path


def whole(example: str) -> str:
    """An example as a whole spec."""
    if example.startswith("- "):
        example = "net:\n" + textwrap.indent(example, "  ")
    own = re.findall(r"^(\w+):", example, re.MULTILINE)
    return "\n".join(
        [*(text for key, text in USUAL.items() if key not in own), example]
    )


def codes(archspec, example: str) -> list[str]:
    """The codes of what an example's last command finds."""
    commands = re.findall(r"^\$ archspec (.*)", example, re.MULTILINE)
    *before, command = commands or ["check net.yaml"]
    if not example.startswith("$ "):
        Path("net.yaml").write_text(whole(example))
    for line in before:
        assert archspec(*line.split()).code == 0
    report = json.loads(archspec(*command.split(), "--format", "json").out)
    return [found["code"] for file in report["files"] for found in file["diagnostics"]]


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize("code", CODES)
def test_a_bad_example_is_bad(archspec, code):
    *others, last = codes(archspec, CODES[code].bad)
    assert last == code
    assert len(others) == (100 if code == "too-many-findings" else 0)


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize("code", CODES)
def test_a_good_example_is_good(archspec, code):
    assert codes(archspec, CODES[code].good) == []


@pytest.mark.parametrize("code", CODES)
def test_a_page_says_what_the_code_means(archspec, code):
    outcome = archspec("explain", code)
    page = CODES[code]
    assert outcome.code == 0
    assert outcome.out.startswith(f"{code}\n\n")
    assert page.meaning in " ".join(outcome.out.split())
    for line in (*page.bad.split("\n"), *page.good.split("\n")):
        assert f"    {line}\n" in outcome.out
    assert re.fullmatch(r"[a-z]+(-[a-z0-9]+)+", code)
    assert re.match(r"[A-Z`]", page.meaning)
    assert page.meaning.endswith(".")


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize("step", STEPS)
def test_a_step_has_a_page_whose_example_is_valid(archspec, step):
    text = archspec("explain", step).out
    assert text.startswith(f"{step}\n\n")
    assert textwrap.indent(STEPS[step], "    ") in text
    assert codes(archspec, STEPS[step]) == []


def test_every_key_and_setting_has_a_page(archspec):
    schema = published_schema()
    assert {*schema["$defs"]["step"]["properties"], "ref", "tied", "none"} == {*STEPS}
    for key in schema["properties"]:
        assert archspec("explain", key).code == 0
    for name, setting in FLAGS.items():
        text = archspec("explain", name).out
        assert setting.about in " ".join(text.split())
        assert all(f"{recipe}" in text for recipe in setting.recipes or ())
        assert archspec("explain", setting.flag.removeprefix("--")).out == text


@pytest.mark.parametrize("name", ["conv", "residual"])
def test_ops_and_blocks_have_pages(archspec, name):
    outcome = archspec("explain", name)
    assert outcome.code == 0
    assert f"{name}(" in outcome.out


@pytest.mark.parametrize(
    ("word", "meaning"),
    [
        ("conv", "s  Stride: positions from one window"),
        ("k", "k, in PyTorch `kernel_size`"),
        ("stride", "Stride: positions from one window"),
        ("label", "The name of a step"),
        ("MACs", "Multiply-accumulates"),
    ],
)
def test_short_arguments_and_terms_are_words(archspec, word, meaning):
    outcome = archspec("explain", word)
    assert outcome.code == 0
    assert meaning in outcome.out


def test_without_a_word_it_lists_the_words(archspec):
    text = archspec("explain").out
    assert all(f" {word}" in text for word in (*STEPS, *FLAGS, "label", "k"))


@pytest.mark.parametrize("name", ["resnet18", "googlenet", "vgg16"])
def test_a_network_of_the_course_names_the_one_of_torchvision(archspec, name):
    text = archspec("explain", name).out
    assert "Here:  " in text
    assert f"archspec diff {name} torchvision/{name}" in text
    assert "archspec diff" not in archspec("explain", f"torchvision/{name}").out
    assert "archspec diff" not in archspec("explain", "lenet").out


def test_a_list_tells_networks_of_one_name_apart(archspec):
    text = archspec("list", "specs").out
    for name in ("resnet18", "googlenet", "densenet", "vgg", "alexnet"):
        assert f"not torchvision/{name}:" in text
    assert text.count("not torchvision/") == 5
