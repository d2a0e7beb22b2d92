"""Change the parts of a syntax tree, and walk the statements of a body."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import fields, is_dataclass, replace
from typing import Any

from archspec.backends.python.syntax import ClassName, ForStmt, IfStmt, Stmt


def mapped(node: Any, change: Callable[[Any], Any]) -> Any:
    """A node with each of its parts changed; a leaf has none."""
    if isinstance(node, tuple):
        return tuple(map(change, node))
    if not is_dataclass(node) or isinstance(node, ClassName | type):
        return node
    parts = {each.name: getattr(node, each.name) for each in fields(node)}
    return replace(node, **{name: change(part) for name, part in parts.items()})


def nested_statements(body: Iterable[Stmt]) -> Iterator[Stmt]:
    """The statements of a body, each before those of its loops and arms."""
    for statement in body:
        yield statement
        match statement:
            case ForStmt():
                yield from nested_statements(statement.body)
            case IfStmt():
                arms = (*statement.body, *(statement.orelse or ()))
                yield from nested_statements(arms)
