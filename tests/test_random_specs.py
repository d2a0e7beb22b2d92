"""The random specs leave nothing of the language out."""

from __future__ import annotations

import re

import pytest

from archspec.ops.registry import OPS
from random_specs import random_spec

CONSTRUCTS = {
    "joins": ["concat:", "add:", "mul:", "sub:", "maximum:", "split:", "sizes:"],
    "repeats": ["repeat:", "collect:", "each:", "times:", "for:", "as: ", "repeat: \\w+\\["],
    "choices": ["if: ", "then:", "else:", "none$", " if .* else "],
    "labels": ["ref\\(\\w", "ref\\([\\w-]+\\.", "ref\\(\\w+{", "tied\\(", "\\w-\\d+:", "\\d+: ", "_{i}",
               "{i \\+ 1}", "crop_like\\(", "outputs: \\["],
    "values": ["let:", "\\*row", "\\w+\\[:2\\]", "\\w+\\[1:\\]", "\\(\\w+, \\w+\\):", "make_divisible\\(",
               "ceil\\(", "floor\\(", "sqrt\\(", "abs\\(", "sum\\(", "bias=false\\) if "],
    "documents": ["input: {", "input: \\d+$", "input: \\d+x\\d+$", "input: \\d+x\\d+x\\d+$",
                  "input: \\d+x\\d+x\\d+x\\d+$", "aux:", "params:", "(\\w+)\\(depth, n.*\\):$"],
}  # fmt: skip


@pytest.fixture(scope="module")
def text() -> str:
    """A thousand specs."""
    return "\n".join(map(random_spec, range(1000)))


def test_every_op_is_called(text: str) -> None:
    called = re.findall(r"(?:- |\| |: )(\w+)(?=[(\s])", text)
    assert not OPS.keys() - {*called}


@pytest.mark.parametrize("kind", CONSTRUCTS)
def test_every_construct_is_written(kind: str, text: str) -> None:
    missing = [p for p in CONSTRUCTS[kind] if not re.search(p, text, re.MULTILINE)]
    assert not missing


def test_recursive_blocks_call_themselves(text: str) -> None:
    assert re.search(r"(rec\d+)\(depth, n.*\):\n(?:    .*\n)*?.*\1\(depth - 1", text)


def test_a_seed_is_a_text() -> None:
    assert random_spec(7) == random_spec(7) != random_spec(8)
