"""YAML text as a person writes a spec: block style, and flow style where it is short."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

WIDTH = 80

Node = str | list["Node"] | dict[str, "Node"]  # a scalar, a sequence or a mapping


class Flow(dict[str, Node]):
    """A mapping that is written in flow style if it fits in a line."""


class FlowList(list[Node]):
    """A sequence that is written in flow style if it fits in a line."""


def block_lines(node: Node, indent: int = 0) -> list[str]:
    r"""The lines of a mapping or sequence, each indented.

    >>> print(*block_lines({"stem": ["conv(8, k=3)", {"pool": "maxpool(2)"}]}), sep="\n")
    stem:
      - conv(8, k=3)
      - pool: maxpool(2)
    """
    if isinstance(node, dict):
        return [line for item in node.items() for line in _pair_lines(item, indent)]
    assert isinstance(node, list)
    return [line for item in node for line in _item_lines(item, indent)]


def _item_lines(item: Node, indent: int) -> list[str]:
    """An item of a sequence, its first line behind a dash."""
    short = one_line(item) if isinstance(item, str | Flow | FlowList) else None
    if short is not None and (
        indent + 2 + len(short) <= WIDTH or isinstance(item, str)
    ):
        return [" " * indent + "- " + short]
    assert not isinstance(item, str)
    first, *rest = block_lines(item, indent + 2)
    return [" " * indent + "- " + first.lstrip(" "), *rest]


def _pair_lines(pair: tuple[str, Node], indent: int) -> list[str]:
    key, value = pair
    start = " " * indent + _scalar(key) + ":"
    short = one_line(value) if isinstance(value, str | Flow | FlowList) else None
    if short is not None and (
        len(start) + 1 + len(short) <= WIDTH or isinstance(value, str)
    ):
        return [f"{start} {short}"]
    assert not isinstance(value, str)
    return [start, *block_lines(value, indent + 2)]


def one_line(node: Node) -> str | None:
    """A node in flow style; None where it would need quotes that block style does not."""
    if isinstance(node, str):
        return _scalar(node)
    return _flow(node)


def _flow(node: Node) -> str | None:
    if isinstance(node, str):
        text = _scalar(node, in_flow=True)
        return text if text == _scalar(node) or _is_rows(node) else None
    parts = [*(_flow_pairs(node) if isinstance(node, dict) else map(_flow, node))]
    if None in parts:
        return None
    inner = ", ".join(part for part in parts if part is not None)
    return f"{{{inner}}}" if isinstance(node, dict) else f"[{inner}]"


def _flow_pairs(node: dict[str, Node]) -> Iterator[str | None]:
    for key, value in node.items():
        text = _flow(value)
        yield None if text is None else f"{_scalar(key, in_flow=True)}: {text}"


def rows(values: Sequence[str]) -> str:
    """A list of values, which YAML and the language read alike: `[64, 128]`."""
    return f"[{', '.join(values)}]"


def _is_rows(text: str) -> bool:
    return re.fullmatch(r"\[[\w\s.,+*/%\[\]-]*\]", text) is not None


def _scalar(text: str, *, in_flow: bool = False) -> str:
    """A text as YAML reads it back, with quotes where they are needed."""
    if _is_rows(text):
        return text
    unsafe = (
        re.search(r": |:$| #|^[-?] ", text)
        or not text
        or text[0] in "!&*|>%@`\"'#[]{},"
        or text != text.strip()
        or (in_flow and re.search(r"[,\[\]{}]", text))
    )
    if not unsafe:
        return text
    if '"' in text or "\\" in text:
        return "'" + text.replace("'", "''") + "'"
    return f'"{text}"'
