"""`archspec list` and `list_models`: find bundled networks."""

from __future__ import annotations

import json

import pytest

from archspec.catalog import list_models


def test_a_folder_is_its_networks():
    names = list_models("torchvision")
    assert len(names) == len({*names}) == 80
    assert all(name.startswith("torchvision/") for name in names)


def test_networks_stand_under_their_papers(archspec):
    outcome = archspec("list", "torchvision/*1[16]")
    assert outcome.code == 0
    lines = outcome.out.splitlines()
    rows = [line.split() for line in lines if line.startswith("  torchvision/")]
    assert [row[0] for row in rows] == list_models("torchvision/*1[16]")
    assert max(map(len, lines)) <= 80
    assert rows[0][1:] == ["3x224x224", "132,863,336", "7,609,090,048"]
    papers = {
        line: lines[n + 1].split()[0] for n, line in enumerate(lines) if ", 20" in line
    }
    assert papers == {
        "VGG (Simonyan & Zisserman, 2014), with and without batch norm": (
            "torchvision/vgg11"
        ),
        "Vision Transformer (Dosovitskiy et al., 2020)": "torchvision/vit_b_16",
    }


@pytest.mark.parametrize(
    ("pattern", "names"),
    [
        ("lenet", ["lenet"]),
        ("vgg1?", ["vgg11", "vgg13", "vgg16", "vgg19"]),
        ("torchvision/vision_transformer", [f"torchvision/vit_{n}" for n in (
            "b_16", "b_32", "l_16", "l_32", "h_14")]),
        ("nothing*", []),
    ],
)  # fmt: skip
def test_patterns(pattern, names):
    assert list_models(pattern) == names


def test_json(archspec):
    outcome = archspec("list", "torchvision/alexnet", "--format", "json")
    (found,) = json.loads(outcome.out)
    assert found["name"] == "torchvision/alexnet"
    assert (found["input"], found["params"]) == ("3x224x224", 61_100_840)


def test_an_unknown_pattern_is_wrong_usage(archspec):
    outcome = archspec("list", "torchvison")
    assert (outcome.code, outcome.out) == (2, "")
    assert "`torchvison`" in outcome.err
