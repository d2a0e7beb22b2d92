"""Represent classes that differ only in numbers by one, with those as its parameters.

They come from steps at different places, and from iterations that no loop represents:

    x0: NetX0 with nn.Conv2d(4, 2)   ->   class NetX0 with nn.Conv2d(channels, 2)
    x1: NetX1 with nn.Conv2d(7, 2)        self.x0 = NetX0(channels=4)
                                          self.x1 = NetX0(channels=7)
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from archspec.backends.python.class_parameters import annotation
from archspec.backends.python.identifiers import NameAllocator
from archspec.backends.python.names_read import names_read
from archspec.backends.python.syntax import (
    AssignStmt,
    AtomExpr,
    CallExpr,
    ClassDef,
    ClassName,
    Element,
    ForStmt,
    MethodDef,
    NameExpr,
    ParameterDef,
)
from archspec.backends.python.syntax_trees import mapped, nested_statements

# Not the index of a tuple, whose items may have different types.
NUMBER = re.compile(r"(?<![\w.\[-])-?\d+(?:\.\d+)?(?:e[+-]?\d+)?(?![\w.])")
HINTS = {
    "BatchNorm2d": "channels",
    "Conv2d": "channels",
    "ConvTranspose2d": "channels",
    "Dropout": "p",
    "Linear": "features",
}
Arguments = tuple[Element, ...]
Change = Callable[[str, str], str]  # of a number, for what it is


def merged_classes(definitions: Sequence[ClassDef]) -> list[ClassDef]:
    """The classes, of which no two differ only in numbers. The last one stays."""
    found = [*definitions]
    while groups := _alike(found[:-1]):
        merged: dict[ClassName, ClassDef] = {}
        calls: dict[ClassName, tuple[ClassName, Arguments]] = {}
        for group in groups:
            kept, arguments = _merged(group)
            merged[kept.name] = kept
            for each, given in zip(group, arguments, strict=True):
                calls[each.name] = (kept.name, given)
        found = [
            _with_calls(merged.get(each.name, each), calls)
            for each in found
            if each.name in merged or each.name not in calls
        ]
    return found


def _alike(definitions: Iterable[ClassDef]) -> list[list[ClassDef]]:
    """The groups of several classes that differ only in numbers."""
    groups: dict[ClassDef, list[ClassDef]] = {}
    for definition in definitions:
        blank = _with_numbers(definition, lambda _number, _hint: "0")
        words = "" if definition.name.is_part else NUMBER.sub("0", blank.docstring)
        blank = replace(blank, docstring=words)
        groups.setdefault(blank, []).append(definition)
    return [group for group in groups.values() if len(group) > 1]


def _merged(group: Sequence[ClassDef]) -> tuple[ClassDef, list[Arguments]]:
    """The class of a group, and the arguments for it in place of each class."""
    first = group[0]
    rows = zip(*map(_numbers, group), strict=True)
    names = NameAllocator({"self", *names_read([first]), *_assigned(first.methods)})
    parameters: dict[tuple[str, tuple[str, ...]], str] = {}

    def written(number: str, hint: str) -> str:
        row = next(rows)
        if len({*row}) == 1:
            return number
        if (hint, row) not in parameters:
            parameters[hint, row] = names.fresh(hint)
        return parameters[hint, row]

    kept = _with_numbers(first, written)
    added = tuple(
        ParameterDef(name, annotation(map(ast.literal_eval, row)), keyword_only=True)
        for (_, row), name in parameters.items()
    )
    init, *others = kept.methods
    init = replace(init, parameters=(*init.parameters, *added))
    arguments = [
        tuple(
            Element(AtomExpr(row[number]), f"{name}=")
            for (_, row), name in parameters.items()
        )
        for number in range(len(group))
    ]
    channels = {row: n for (hint, row), n in parameters.items() if hint == "channels"}
    docstring = _docstring(group, channels)
    return replace(kept, docstring=docstring, methods=(init, *others)), arguments


def _docstring(group: Sequence[ClassDef], names: Mapping[tuple[str, ...], str]) -> str:
    """That of the first class, with a letter for channels that differ."""
    about, section, shape = group[0].docstring.rpartition("Shape:")
    if not section:
        return shape
    others = [each.docstring.rpartition("Shape:")[2] for each in group]
    is_alike = len({NUMBER.sub("0", other) for other in others}) == 1
    rows = zip(*map(NUMBER.findall, others), strict=is_alike)
    output = shape.find("->")

    def written(match: re.Match[str]) -> str:
        row = next(rows, ()) if is_alike else ()
        letter = "C" if match.start() < output else "C'"
        return match[0] if len({*row}) == 1 else names.get(row, letter)

    return f"{about}{section}{NUMBER.sub(written, shape)}"


# --- numbers -------------------------------------------------------------------------


def _numbers(definition: ClassDef) -> list[str]:
    """The numbers in the `__init__` of a class."""
    found: list[str] = []

    def note(number: str, _hint: str) -> str:
        found.append(number)
        return number

    _with_numbers(definition, note)
    return found


def _with_numbers(definition: ClassDef, change: Change) -> ClassDef:
    """The class with the numbers in its `__init__` changed."""
    init, *others = definition.methods
    init = replace(init, body=_changed(init.body, change))
    return replace(definition, methods=(init, *others))


def _changed(node: Any, change: Change, hint: str = "size") -> Any:
    """A node with its numbers changed. `hint` is what a number in it is."""
    match node:
        case AtomExpr(text) if '"' not in text and "'" not in text:
            words = NUMBER.sub(lambda match: change(match[0], hint), text)
            if words == text:
                return node
            if words.isidentifier():  # as the parameters of other classes are read
                return NameExpr(words)
            return AtomExpr(words, node.reads | {*re.findall(r"[A-Za-z_]\w*", words)})
        case CallExpr(function=NameExpr("nn", name)):
            hint = HINTS.get(name, "size")
        case CallExpr(function=ClassName()):
            hint = "channels"
        case Element(label=label) if label.endswith("="):
            hint = label.rstrip("=0123456789")
    return mapped(node, lambda part: _changed(part, change, hint))


# --- trees ---------------------------------------------------------------------------


def _with_calls(
    node: Any, calls: Mapping[ClassName, tuple[ClassName, Arguments]]
) -> Any:
    """A node that calls the classes that are left."""
    match node:
        case CallExpr(function=ClassName() as name) if name in calls:
            kept, arguments = calls[name]
            node = CallExpr(kept, (*node.elements, *arguments))
    return mapped(node, lambda part: _with_calls(part, calls))


def _assigned(methods: Iterable[MethodDef]) -> Iterator[str]:
    """The parameters and variables of methods."""
    for method in methods:
        yield from (parameter.name for parameter in method.parameters)
        for statement in nested_statements(method.body):
            match statement:
                case ForStmt():
                    yield from re.findall(r"\w+", statement.target)
                case AssignStmt():
                    yield statement.target.root
