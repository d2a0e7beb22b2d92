"""The steps of random specs as YAML."""

from __future__ import annotations

from typing import Any

# A step: a chain as text, a list of steps, or a mapping with one key or several.
Step = Any


def as_yaml(steps: list[Step], indent: int) -> list[str]:
    return [line for step in steps for line in _item(step, indent)]


def _item(step: Step, indent: int) -> list[str]:
    lines = _node(step, indent + 2)
    return [f"{' ' * indent}- {lines[0].lstrip()}", *lines[1:]]


def _node(step: Step, indent: int) -> list[str]:
    pad = " " * indent
    if isinstance(step, str):
        return [pad + step]
    if isinstance(step, list):
        return as_yaml(step, indent)
    lines = []
    for key, value in step.items():
        if isinstance(value, str):
            lines.append(f"{pad}{key}: {value}")
        else:
            lines += [f"{pad}{key}:", *_node(value, indent + 2)]
    return lines
