"""Let the loops of an `__init__` share the variable of the channels.

Each loop has one of its own as the statements are built. It may be that of the loop
before or around it where nothing reads that one any more:

    channels_2 = channels                      for _ in range(n):
    for _ in range(n):                             layers.append(Unit(channels, c))
        layers.append(Unit(channels_2, c))  ->     channels = c
        channels_2 = c
    channels = c
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from archspec.backends.python.layout import flat
from archspec.backends.python.names_read import names_read
from archspec.backends.python.syntax import (
    AddAssignStmt,
    AssignStmt,
    AtomExpr,
    ForStmt,
    IfStmt,
    NameExpr,
    Stmt,
)
from archspec.backends.python.syntax_trees import mapped, nested_statements

NUMBERED = re.compile(r"(\w+?)_\d+")


def with_shared_variables(body: tuple[Stmt, ...]) -> tuple[Stmt, ...]:
    """The statements with as few running variables as they need."""
    for name in dict.fromkeys(_assigned(body)):
        if match := NUMBERED.fullmatch(name):
            apart = _Lives()
            apart.before(body, set())
            if frozenset({name, match[1]}) not in apart.found:
                body = _without_copies(_renamed(body, name, match[1]))
    return body


class _Lives:
    """The pairs of variables of which one is assigned while the other is needed."""

    def __init__(self) -> None:
        self.found: set[frozenset[str]] = set()

    def before(self, body: Sequence[Stmt], needed: set[str]) -> set[str]:
        """The variables needed before some statements, by those needed after them."""
        for statement in reversed(body):
            needed = self._before(statement, needed)
        return needed

    def _before(self, statement: Stmt, needed: set[str]) -> set[str]:
        match statement:
            case AssignStmt(NameExpr(name, ""), value):
                self._assign(name, needed - {flat(value)})  # not from what it copies
                return (needed - {name}) | names_read([value])
            case AddAssignStmt(target):
                self._assign(target.root, needed)
            case ForStmt():
                return self._before_loop(statement, needed)
            case IfStmt():
                arms = (statement.body, statement.orelse or ())
                inside = (self.before(arm, needed) for arm in arms)
                return names_read([statement.test]).union(*inside)
        return needed | names_read([statement])

    def _before_loop(self, loop: ForStmt, needed: set[str]) -> set[str]:
        own = {*re.findall(r"\w+", loop.target)}
        while True:  # what the next iteration needs, this one must not lose
            for name in own:
                self._assign(name, needed)
            around = needed | (self.before(loop.body, needed) - own)
            if around == needed:
                return needed | names_read([loop.iterable])
            needed = around

    def _assign(self, name: str, needed: set[str]) -> None:
        self.found |= {frozenset({name, other}) for other in needed - {name}}


def _assigned(body: Sequence[Stmt]) -> Iterator[str]:
    """The variables that statements assign, those of loops left out."""
    for statement in nested_statements(body):
        match statement:
            case AssignStmt(NameExpr(name, "")):
                yield name


def _changed(body: Sequence[Stmt]) -> Iterator[str]:
    """The variables that statements assign or add to."""
    yield from _assigned(body)
    for statement in nested_statements(body):
        match statement:
            case AddAssignStmt(target):
                yield target.root


def _renamed(node: Any, old: str, new: str) -> Any:
    """A node with another name for a variable."""
    match node:
        case AtomExpr(text, reads) if old in reads:
            return AtomExpr(re.sub(rf"\b{old}\b", new, text), reads - {old} | {new})
        case NameExpr(root, attribute) if root == old:
            return NameExpr(new, attribute)
    return mapped(node, lambda part: _renamed(part, old, new))


def _without_copies(body: tuple[Stmt, ...]) -> tuple[Stmt, ...]:
    """The statements that change something: no `channels = channels`.

    Nor one that a loop right before it has run last.
    """
    found: list[Stmt] = []
    for statement in body:
        match statement:
            case AssignStmt(target, value) if flat(target) == flat(value):
                continue
            case AssignStmt() if _is_known(statement, found):
                continue
            case ForStmt():
                inner = _without_copies(statement.body)
                found.append(replace(statement, body=inner))
            case IfStmt(body=arm, orelse=other):
                arm = _without_copies(arm)
                other = None if other is None else _without_copies(other)
                found.append(replace(statement, body=arm, orelse=other))
            case _:
                found.append(statement)
    return tuple(found)


def _is_known(statement: AssignStmt, before: Sequence[Stmt]) -> bool:
    """Whether the loop before, if it runs at all, has assigned the same."""
    names = {statement.target.root, *names_read([statement.value])}
    for other in reversed(before):
        match other:
            case ForStmt(body=(*_, last)) as loop if last == statement:
                own = {*re.findall(r"\w+", loop.target), *_changed(loop.body)}
                return own.isdisjoint(names_read([statement.value]))
        if names & {*_changed([other])}:
            return False
    return False
