"""The comment at the head of a bundled spec: its paper, its deviations, its costs.

# Paper: <authors>. <title>. <year>
# Here:  <what it deviates in>
# Costs: <variant, if there are any> <figure> parameters, <figure> MACs

A line that begins with spaces continues the one before; there is one cost line for
each variant.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import archspec
from archspec.catalog import bundled, variants
from second_cases import rest_slow

ENTRY = re.compile(r"# (Paper|Here|Costs): +(\S.*)")
CONTINUED = re.compile(r"#  +(\S.*)")
PAPER = re.compile(r"[^.]+\. .+\. (19|20)\d\d\b.*")
COST = re.compile(r"(?:(\w+) +)?([\d,]+) parameters, +([\d,]+) MACs")


def read_header(text: str) -> dict[str, list[str]]:
    """The lines of each entry."""
    header: dict[str, list[str]] = {}
    lines: list[str] = []
    for line in text.splitlines():
        if not line.startswith("#"):
            break
        if entry := ENTRY.fullmatch(line):
            lines = header.setdefault(entry[1], [])
            lines.append(entry[2])
        elif more := CONTINUED.fullmatch(line):
            lines.append(more[1])
    return header


def faults(path: Path) -> Iterator[str]:
    """What is wrong with the head of a spec."""
    header = read_header(path.read_text())
    if list(header) != ["Paper", "Here", "Costs"]:
        yield f"expected Paper, Here and Costs, found {list(header)}"
        return
    if not PAPER.fullmatch(" ".join(header["Paper"])):
        yield f"no authors, title and year: {header['Paper']}"
    costs = {}
    for line in header["Costs"]:
        if cost := COST.fullmatch(line):
            costs[cost[1] or ""] = (cost[2], cost[3])
        else:
            yield f"no cost: {line}"
    names = variants(path)
    for name in names or [""]:
        if name not in costs:
            yield f"no cost of {name or 'the spec'}"
    for name, (parameters, macs) in costs.items():
        if name and name not in names:
            yield f"no variant {name}"
            continue
        spec = archspec.load(path, variant=name or None)
        if (parameters, macs) != (f"{spec.params:,}", f"{spec.macs:,}"):
            yield f"{name} has {spec.params:,} parameters, {spec.macs:,} MACs"
    spec = archspec.load(path)
    is_trained_here = len(spec.output_shape) == 1 and "torchvision" not in path.parts
    if not spec.train and is_trained_here:
        yield "no `train`"
    if not spec.graph.about:
        yield "no `about`"


LONG = {"torchvision/efficientnet", "torchvision/regnet"}


@pytest.mark.parametrize("name", rest_slow(bundled(), bundled().keys() - LONG))
def test_header(name: str) -> None:
    assert list(faults(bundled()[name])) == []


@pytest.mark.parametrize(
    ("name", "old", "new", "fault"),
    [
        ("lenet", "61,706", "61,707", " has 61,706 parameters, 416,520 MACs"),
        ("lenet", "416,520", "416520", " has 61,706 parameters, 416,520 MACs"),
        ("lenet", "# Costs: 61", "# Costs: lenet5  61", "no cost of the spec"),
        ("lenet", " parameters,", " parameters and", "no cost: 61,706 parameters and"),
        ("lenet", "# Here:", "# Differs:", "expected Paper, Here and Costs"),
        ("lenet", " 1998", "", "no authors, title and year"),
        ("lenet", "\nabout:", "\n# about:", "no `about`"),
        ("lenet", "\ntrain:.*", "\n", "no `train`"),
        ("vgg", "128,990,666", "128,806,154", "vgg13 has 128,990,666 parameters"),
        ("vgg", "19,570,204,672", "1", "vgg19 has 139,610,058 parameters, 19,570"),
        ("vgg", "        vgg16 ", "        vgg17 ", "no cost of vgg16"),
        ("vgg", "        vgg16 ", "        vgg17 ", "no variant vgg17"),
    ],
)
def test_a_wrong_header_is_seen(
    name: str, old: str, new: str, fault: str, tmp_path: Path
) -> None:
    text = bundled()[name].read_text()
    wrong = re.sub(old, new, text, count=1, flags=re.DOTALL)
    assert wrong != text
    path = tmp_path / f"{name}.yaml"
    path.write_text(wrong)
    assert any(found.startswith(fault) for found in faults(path))
