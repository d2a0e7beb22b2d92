"""`archspec show` and `new`: look at bundled specs, and copy them."""

from __future__ import annotations

import pytest

from archspec.catalog import bundled


@pytest.fixture(autouse=True)
def here(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    ("name", "file"), [("googlenet", "googlenet"), ("vgg16", "vgg")]
)
def test_a_bundled_spec_is_shown(archspec, name, file):
    outcome = archspec("show", name)
    assert (outcome.code, outcome.out) == (0, bundled()[file].read_text())


def test_an_unknown_name_is_wrong_usage(archspec):
    outcome = archspec("show", "googlnet")
    assert (outcome.code, outcome.out) == (2, "")
    assert "did you mean `googlenet`?" in outcome.err


def test_a_bundled_spec_is_copied_to_edit(archspec, here):
    assert archspec("new", "mine.yaml", "--from", "googlenet").code == 0
    costs, name = (
        "# Costs: 5,977,530 parameters, 276,066,304 MACs\n",
        "name: googlenet\n",
    )
    original = bundled()["googlenet"].read_text()
    assert costs in original
    text = original.replace(costs, "").replace(name, "name: mine\n")
    assert (here / "mine.yaml").read_text() == text
    again = archspec("new", "mine.yaml", "--from", "nin")
    assert again.code == 1
    assert "exists already" in again.err
    assert (here / "mine.yaml").read_text() == text


def test_a_copy_of_a_family_has_no_costs(archspec, here):
    archspec("new", "mine.yaml", "--from", "vgg16")
    text = (here / "mine.yaml").read_text()
    assert "139,610,058" not in text
    assert "--set width=0.25\narchspec: 1\nname: mine\n" in text


def test_a_copy_is_of_something(archspec, here):
    assert archspec("new", "mine.yaml", "--from", "nothing").code == 2
    assert not (here / "mine.yaml").exists()


def test_a_bundled_name_does_not_start_an_unrelated_network(archspec, here):
    outcome = archspec("new", "googlenet")
    assert outcome.code == 2
    assert "`archspec new googlenet.yaml --from googlenet`" in outcome.err
    assert not (here / "googlenet.yaml").exists()


def test_a_starter_is_sound(archspec):
    assert archspec("new", "tiny").code == 0
    assert archspec("check", "tiny.yaml").code == 0
