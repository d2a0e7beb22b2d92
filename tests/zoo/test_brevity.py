"""The specs of the 80 networks are short."""

from __future__ import annotations

import yaml
from yaml import Node, SequenceNode

from archspec.catalog import bundled

from .test_facts import PREFIX


def counted_lines(text: str) -> int:
    """Lines that are no comments, no variants and no tables of numbers."""
    spec = yaml.compose(text).value
    params = [
        pair for key, value in spec if key.value == "params" for pair in value.value
    ]
    ignored = [
        *(pair for pair in spec if pair[0].value == "variants"),
        *(pair for pair in params if is_table(pair[1])),
    ]
    lines = {number for number, line in enumerate(text.splitlines()) if is_code(line)}
    return len(lines.difference(*(lines_of(*pair) for pair in ignored)))


def is_code(line: str) -> bool:
    return line.split("#", maxsplit=1)[0].strip() != ""


def is_table(value: Node) -> bool:
    """A list of rows."""
    return isinstance(value, SequenceNode) and all(
        isinstance(row, SequenceNode) for row in value.value
    )


def lines_of(key: Node, value: Node) -> range:
    """A value in block style ends at the next key, one in flow style in its line."""
    start = key.start_mark.line
    return range(start, max(start + 1, value.end_mark.line))


def test_the_80_networks_take_600_lines() -> None:
    texts = [path.read_text() for name, path in bundled().items() if PREFIX in name]
    assert sum(map(counted_lines, texts)) <= 600


def test_what_counts() -> None:
    text = """\
# a comment
archspec: 1  # 1

params:
  classes: 10  # 2 and 3
  sizes: [1, 2]  # 4
  rows:
    - [1, 2]
    - [3, 4]
  stages: [[1, 2], [3, 4]]
variants:
  a: {}
  b:
    rows:
      - [5, 6]

net: [relu]  # 5
"""
    assert counted_lines(text) == 5
