"""Bundled specs in folders: their names, their variants, and imports of their blocks."""

from __future__ import annotations

from pathlib import Path

import pytest

import archspec
from archspec import catalog
from archspec.checker import check

FAMILY = """
archspec: 1
input: 3x8x8
params: {width: 4}
variants: {small: {width: 2}, large: {width: 8}}
blocks:
  unit: conv(width, k=1)
net: [unit]
"""
USER = "archspec: 1\ninput: 3x8x8\nimport: %s\nnet: [unit]\n"


@pytest.fixture(autouse=True)
def specs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of bundled specs with a folder in it, which replaces the real one."""
    folder = tmp_path / "specs"
    (folder / "zoo").mkdir(parents=True)
    (folder / "zoo" / "family.yaml").write_text(FAMILY)
    (folder / "plain.yaml").write_text(FAMILY.replace("{width: 4}", "{width: 5}"))
    (folder / "again.yaml").write_text(USER % "again")
    monkeypatch.setattr(catalog, "specs_folder", lambda: folder)
    return folder


def channels(name: str | Path) -> int:
    return int(archspec.load(name).output_shape[0])


def test_names() -> None:
    assert [*catalog.bundled()] == ["again", "plain", "zoo/family"]


@pytest.mark.parametrize(
    ("name", "width"),
    [("plain", 5), ("large", 8), ("zoo/family", 4), ("zoo/small", 2), ("zoo/large", 8)],
)
def test_a_name_is_a_spec_or_a_variant(specs: Path, name: str, width: int) -> None:
    """A command takes the name, and `import:` brings in blocks of the same width."""
    assert channels(name) == width
    user = specs.parent / "user.yaml"
    user.write_text(USER % name)
    assert channels(user) == width


def test_a_file_with_a_suffix_is_no_bundled_spec(specs: Path) -> None:
    user = specs.parent / "user.yaml"
    user.write_text(USER % "plain.yaml")
    (found,) = check(user).diagnostics
    assert found.code == "import-missing"


@pytest.mark.parametrize(
    ("name", "help"),
    [
        ("plian", ("did you mean `plain`?",)),
        ("zoo/smal", ("did you mean `zoo/small`?",)),
        ("elsewhere/small", ()),
    ],
)
def test_an_unknown_name(name: str, help: tuple[str, ...]) -> None:
    (found,) = check(name).diagnostics
    assert (found.code, found.help) == ("unreadable-file", help)


def test_a_bundled_spec_that_imports_itself() -> None:
    assert "import-cycle" in [found.code for found in check("again").diagnostics]
