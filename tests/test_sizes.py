"""Which sizes fit: as torch says, and as checking each of them says."""

from __future__ import annotations

import re

import pytest
import torch
from torch import nn

import harness
from archspec.checker import check, check_sizes
from archspec.compiler import Options, compile_source
from archspec.diagnostics.diagnostic import Findings
from archspec.diagnostics.source import Source
from archspec.sizes import SizesResult, parse_sizes
from corpus import COURSE

ASSERTION = re.compile(r"->\s*\[[^]]*\]")


def asked(tmp_path, net: str, sizes: range) -> SizesResult:
    path = tmp_path / "net.yaml"
    path.write_text(f"archspec: 1\ninput: 3x32x32\nnet:\n{net}")
    return check_sizes(path, sizes)


def numbers(result: SizesResult) -> list[int]:
    return [size for part in result.ranges for size in part]


# --- torch ---------------------------------------------------------------------------


class Concat(nn.ModuleList):
    def forward(self, x):
        return torch.cat([branch(x) for branch in self], 1)


class Add(nn.ModuleList):
    def forward(self, x):
        return self[0](x) + self[1](x)


def conv(*arguments, **options):
    return nn.Sequential(nn.Conv2d(*arguments, **options), nn.ReLU())


NETWORKS = {
    "stated features": (
        "  - conv(6, k=5) | relu | maxpool(2) | flatten\n  - linear(294, 10)\n",
        lambda: nn.Sequential(
            conv(3, 6, 5), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(294, 10)
        ),
    ),
    "any features": (
        "  - conv(6, k=5, s=3) | relu | maxpool(2) | flatten | linear(10)\n",
        lambda: nn.Sequential(
            conv(3, 6, 5, stride=3), nn.MaxPool2d(2), nn.Flatten(), nn.LazyLinear(10)
        ),
    ),
    "branches that round apart": (
        (
            "  - add:\n      - conv(3, k=3, s=2, p=1) | relu\n      - maxpool(2)\n"
            "  - concat: [maxpool(3), avgpool(3)]\n  - conv(8, k=7, p=1) | relu\n"
        ),
        lambda: nn.Sequential(
            Add([conv(3, 3, 3, stride=2, padding=1), nn.MaxPool2d(2)]),
            Concat([nn.MaxPool2d(3), nn.AvgPool2d(3)]),
            conv(6, 8, 7, padding=1),
        ),
    ),
}


def runs(make, size: int) -> bool:
    with torch.device("meta"):
        try:
            make()(torch.empty(2, 3, size, size))
        except RuntimeError:
            return False
    return True


@pytest.mark.parametrize("name", NETWORKS)
def test_the_sizes_are_those_that_torch_takes(tmp_path, name):
    net, make = NETWORKS[name]
    sizes = range(1, 81)
    found = numbers(asked(tmp_path, net, sizes))
    assert found == [size for size in sizes if runs(make, size)]
    assert 0 < len(found) < len(sizes)


# --- each by itself ------------------------------------------------------------------


def resized(inputs, size):
    """The texts of `--input` that make every image a square of this size."""
    shapes = {
        name: (shape[0], size, size) if len(shape) == 3 else shape
        for name, shape in inputs.items()
    }
    texts = ["x".join(map(str, shape)) for shape in shapes.values()]
    if len(texts) == 1:
        return texts
    return [f"{name}={text}" for name, text in zip(shapes, texts, strict=True)]


def fits(path, *, input, overrides, variant=None):
    """Whether a file compiles; without fixes, whose search takes most of the time."""
    options = Options(variant=variant, inputs=input, overrides=overrides)
    source = Source(str(path), path.read_text())
    return compile_source(source, path.parent, options, Findings()).ok


@pytest.mark.parametrize(
    "path", [*COURSE.values(), *harness.valid_cases()], ids=lambda path: path.stem
)
def test_the_sizes_are_those_that_check_one_by_one(tmp_path, path):
    """Sizes that meet at one shape are not gone through again, and fare the same."""
    copy = path.parent / path.name
    text = ASSERTION.sub("", path.read_text())
    if "import:" not in text:
        copy = tmp_path / path.name
        copy.write_text(text)
    own = check(copy, **harness.arguments(path)).require().inputs
    sizes = range(1, 40, 3)
    options = harness.arguments(path)
    one_by_one = [
        n for n in sizes if fits(copy, **options | {"input": resized(own, n)})
    ]
    assert numbers(check_sizes(copy, sizes, **options)) == one_by_one


def test_a_let_that_depends_on_the_size_is_told_apart(tmp_path):
    """From the same shape on, 8 and 9 go different ways."""
    net = (
        "  - start: conv(3, k=1)\n  - flatten\n  - let: {features: ch}\n"
        "  - linear(8)\n  - linear(10 if features < 200 else 0)\n"
    )
    assert numbers(asked(tmp_path, net, range(1, 20))) == [*range(1, 9)]


def test_a_head_has_the_shape_of_the_output(tmp_path):
    """Which both depend on the size; from the same shape on, heads tell sizes apart."""
    net = (
        "  - aux:\n      aux1: conv(3, k=1) | maxpool(2)\n"
        "  - adaptive_avgpool(4) | conv(3, k=1)\n"
    )
    assert numbers(asked(tmp_path, net, range(1, 20))) == [8, 9]


def test_a_label_that_depends_on_the_size_is_told_apart(tmp_path):
    net = (
        "  - start: conv(3, k=1)\n  - adaptive_avgpool(4)\n"
        "  - add:\n      - ref(start)\n      - upsample(2)\n"
    )
    assert numbers(asked(tmp_path, net, range(1, 20))) == [8]


# --- reasons -------------------------------------------------------------------------


def test_the_sizes_beside_the_first_range_say_why_they_fail(tmp_path):
    net = "  - conv(6, k=5) | flatten | linear(864, 10)\n"
    result = asked(tmp_path, net, range(1, 513))
    assert result.ranges == (range(16, 17),)
    assert {n: d.code for n, d in result.reasons.items()} == {
        15: "channel-mismatch",
        17: "channel-mismatch",
    }


def test_where_no_size_fits_the_nearest_to_the_specs_own_says_why(tmp_path):
    result = asked(tmp_path, "  - conv(8, k=3, g=2)\n", range(1, 20))
    assert not result.ok
    assert {n: d.code for n, d in result.reasons.items()} == {19: "indivisible-groups"}


def test_one_size_is_a_range():
    assert parse_sizes("224") == range(224, 225)
    assert parse_sizes("1..512") == range(1, 513)
