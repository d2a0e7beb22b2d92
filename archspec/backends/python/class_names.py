"""Name the classes of a module, when all of them are known.

Until then a class is its `ClassName`, which no other class can be taken for. A name
depends on nothing but the names allocated before it: first the network's, then those of
its blocks, then those of their parts.

    blocks `ab` and `Ab`        ->   class Ab, class Ab2
    the label `g0` of `Net`     ->   class NetG0
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from archspec.backends.python.alike_classes import merged_classes
from archspec.backends.python.identifiers import NameAllocator
from archspec.backends.python.names_read import classes_read
from archspec.backends.python.syntax import (
    AssignStmt,
    ClassDef,
    ClassName,
    FunctionDef,
)


def named_classes(
    definitions: Sequence[ClassDef],
    taken: Iterable[str],
    functions: Sequence[FunctionDef | AssignStmt] = (),
) -> list[ClassDef]:
    """The classes that the last one, functions and constants need, each under its own name."""
    found = merged_classes(needed_classes(definitions, functions))
    users: dict[ClassName, ClassName] = {}
    for definition in found:
        for name in classes_read(definition):
            users.setdefault(name, definition.name)
    _allocate([definition.name for definition in found], users, taken)
    return found


def needed_classes(
    definitions: Sequence[ClassDef], functions: Sequence[FunctionDef | AssignStmt] = ()
) -> list[ClassDef]:
    """The classes that the last one or a function calls, or that one of those does."""
    called = {definitions[-1].name}
    for function in functions:
        called.update(classes_read(function))
    found: list[ClassDef] = []
    for definition in reversed(definitions):
        if definition.name in called:
            found.append(definition)
            called.update(classes_read(definition))
    return found[::-1]


def _allocate(
    classes: Sequence[ClassName],
    users: dict[ClassName, ClassName],
    taken: Iterable[str],
) -> None:
    """Name the last class, then those of blocks, then the parts of those named."""
    names = NameAllocator(taken)
    parts: dict[ClassName, list[ClassName]] = {}
    for name in classes:
        if name.is_part:
            parts.setdefault(users[name], []).append(name)
    queue = [classes[-1], *(name for name in classes[:-1] if not name.is_part)]
    for name in queue:
        prefix = users[name].text if name.is_part else ""
        name.text = names.unique(f"{prefix}{name.stem}")
        queue += parts.get(name, [])
