"""A variant keeps its name: in what commands print, and in the files they write."""

from __future__ import annotations

import json

import pytest

NAMES = [
    ("vgg16", "vgg16"),
    ("vgg:vgg16", "vgg16"),
    ("torchvision/resnet18", "torchvision/resnet18"),
    ("torchvision/resnet:resnet18", "torchvision/resnet18"),
    ("good.yaml:wide", "good.yaml:wide"),
    ("./good.yaml:wide", "./good.yaml:wide"),
]
ONE = pytest.mark.parametrize(("spec", "title"), NAMES)


@pytest.fixture(autouse=True)
def here(monkeypatch, good):
    monkeypatch.chdir(good.parent)
    return good.parent


@ONE
def test_checks(archspec, spec, title):
    outcome = archspec("check", spec)
    assert outcome.code == 0
    assert outcome.out.startswith(f"{title}: ok, ")


@ONE
def test_is_summarized(archspec, spec, title):
    network = title.replace(":", "/").split("/")[-1]
    outcome = archspec("summary", spec, "--depth", "1", "--format", "json")
    assert json.loads(outcome.out)["name"] == network
    source = archspec("compile", spec).out
    assert f"\ndef {network}(" in source  # its class is that of the family
    assert f"archspec compile {title.removeprefix('./')}`" in source


def test_is_drawn_and_compiled_to_a_file_of_its_name(archspec, here):
    assert archspec("draw", "good.yaml:wide").out == "wrote wide.svg\n"
    assert "wide" in (here / "wide.svg").read_text()


@pytest.mark.parametrize(
    "options", [["good.yaml:wide"], ["good.yaml", "--variant", "wide"]]
)
def test_its_option_means_the_same(archspec, options):
    assert archspec("check", *options).out.startswith("good.yaml:wide: ok")


def test_a_copy_says_which_variant_it_is_from(archspec):
    outcome = archspec("new", "mine.yaml", "--from", "torchvision/resnet18")
    assert "`archspec check mine.yaml:resnet18`" in outcome.out
    assert "11,689,512 parameters" in archspec("check", "mine.yaml:resnet18").out


def test_a_file_with_a_colon_in_its_name(archspec, here):
    (here / "good.yaml").rename(here / "a:b.yaml")
    assert archspec("check", "a:b.yaml").code == 0
    assert archspec("check", "./a:b.yaml:wide").code == 0


@pytest.mark.parametrize(
    ("spec", "part"),
    [
        ("vgg:nope", "`vgg` has no variant `nope`"),
        ("lenet:small", "`lenet` has no variant `small`"),
        ("good.yaml:wdie", "did you mean `wide`?"),
        ("nope:wide", "`nope` is neither a file nor a bundled spec"),
        ("nope.yaml:wide", "`nope.yaml` does not exist"),
        ("vgg16:vgg19", "`vgg16` is a variant already, found `vgg19`"),
    ],
)
@pytest.mark.parametrize("command", ["check", "summary", "draw", "compile"])
def test_an_unknown_one_is_wrong_usage(archspec, command, spec, part):
    outcome = archspec(command, spec)
    assert outcome.code == 2
    assert part in outcome.out + outcome.err
