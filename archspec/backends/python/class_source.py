"""One class of the emitted source, from the bodies of all its instances.

A body that is a chain becomes an `nn.Sequential`, and its repeats become loops. Where
branches part and join, the class has a `forward` of its own. Its submodules are then
attributes if all have labels, an `nn.ModuleList` if none has, else an `nn.ModuleDict`:
the state dict names them as the spec does.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Protocol

from archspec.backends.python.block_instances import (
    Bodies,
    is_chain,
    level,
    submodules,
    values_by_name,
)
from archspec.backends.python.expressions import expression, literal
from archspec.backends.python.formatting import (
    Call,
    Commented,
    Doc,
    Labelled,
    Noted,
    breakable,
    docstring,
    layout,
    remark,
)
from archspec.backends.python.forward_method import Forward
from archspec.backends.python.identifiers import class_name, python_name, unique
from archspec.backends.python.shared_numbers import Numbers, Scope, annotation
from archspec.backends.python.submodules import (
    Again,
    Alternative,
    Argument,
    BlockClass,
    Local,
    Loop,
    Member,
    Members,
    Single,
)
from archspec.ir.graph import Module, Repeat
from archspec.ir.symbolic import Symbolic, constant, substitute, variables

BODY = 8  # the indentation of a method's statements


class Classes(Protocol):
    """The classes written so far."""

    taken: set[str]  # their names, and others that no class can have
    groups: dict[str, str]  # the meaning of a group's class -> its name

    def class_of(self, module: Module) -> BlockClass:
        """The class of a block's instance."""


class ClassWriter:
    """Writes one class, and the classes of its labelled groups before it."""

    def __init__(
        self,
        name: str,
        bodies: Bodies,
        outer: Mapping[str, Argument],
        classes: Classes,
        *,
        may_loop: bool = True,
        values: Mapping[str, ast.expr] | None = None,
        shows_shapes: bool = False,
    ) -> None:
        """`outer` are the names from around that the bodies may read.

        `values` are those that stand for something else in an unrolled loop.
        """
        self.name = name
        self.bodies = bodies
        self.outer = outer
        self.classes = classes
        self.scope = Scope(frozenset(outer), dict(values or {}), may_loop=may_loop)
        self.shows_shapes = shows_shapes
        self.inner = values_by_name(bodies)
        self.numbers = Numbers(len(bodies), {*outer, *self.inner})
        self.members = Members(self.numbers, classes.class_of, self.group)
        self.groups: dict[str, str] = {}
        self.sections: list[list[str]] = []  # the classes of groups
        self.noted: set[str] = set()  # comments that need no second time

    def lines(self, about: str) -> list[str]:
        """The class statement.

        Raises:
            Mismatch: if no one class can stand for all instances.
        """
        base, body = self.sequence() if is_chain(self.bodies) else self.graph()
        head = [f"class {self.name}({base}):", *docstring(about, 4), ""]
        return [*head, *self.signature(), *body]

    # --- parameters ---

    def parameters(self) -> list[Argument]:
        """The constructor's parameters: what the code reads, and what was added."""
        found = [self.outer[name] for name in self.outer if name in self.numbers.used]
        found += [
            Argument(name, annotation(values), keyword_only=True, values=values)
            for name, values in self.numbers.added.items()
        ]
        return sorted(found, key=lambda parameter: parameter.keyword_only)

    def signature(self) -> list[str]:
        """`def __init__(self, in_channels: int, *, s: int = 1) -> None:`."""
        parts: list[Doc] = ["self"]
        for parameter in self.parameters():
            if parameter.keyword_only and "*" not in parts:
                parts.append("*")
            text = f"{parameter.name}: {parameter.annotation}"
            if parameter.default:
                default = breakable(parameter.default)
                parts.append(Labelled(f"{text} = ", default))
            else:
                parts.append(text)
        return layout(Call("def __init__(", tuple(parts)), 4, after=" -> None:")

    # --- a sequence ---

    def sequence(self) -> tuple[str, list[str]]:
        """The base class and the constructor of a chain."""
        members = self.members.of(self.bodies, self.scope)
        lines = self.settle(members)
        members = [member for member in members if not isinstance(member, Local)]
        first = 0
        while first < len(members) and _is_numbered(members[first]):
            first += 1
        head = [m for m in members[:first] if isinstance(m, Single)]
        lines += layout(Call("super().__init__(", self.docs(head)), BODY)
        for member in members[first:]:
            lines += self.addition(member, BODY)
        return "nn.Sequential", lines

    def addition(self, member: Member, indent: int) -> list[str]:
        """The statements that add a submodule, or several, to a sequence."""
        match member:
            case Single():
                return self.statement(member, indent)
            case Alternative():
                return self.alternative(member, indent)
            case Loop():
                return self.loop(member, indent)
            case Again():
                return self.again(member, indent)
        return []

    def alternative(self, choice: Alternative, indent: int) -> list[str]:
        pad = " " * indent
        lines = [f"{pad}if {choice.test}:"]
        for member in choice.then:
            lines += self.addition(member, indent + 4)
        lines.append(f"{pad}else:")
        for member in choice.otherwise:
            lines += self.addition(member, indent + 4)
        return lines

    def again(self, again: Again, indent: int) -> list[str]:
        head = f"{' ' * indent}for _ in range({again.times}):"
        lines = [*remark(self.note([again]), indent), head]
        for member in again.members:
            lines += self.statement(member, indent + 4)
        return lines

    def loop(self, loop: Loop, indent: int) -> list[str]:
        pad = " " * indent
        repeat = loop.repeats[0]
        channels = python_name(repeat.channels)
        note = remark(self.note([loop]), indent)
        body: list[str] = []
        for member in loop.members:
            body += self.addition(member, indent + 4)
        counts = _reads(body, python_name(repeat.index))
        lines = [f"{pad}{self.members.head(loop, counts=counts)}", *body]
        if repeat.channels not in self.numbers.used:
            return [*note, *lines]
        entry = expression(substitute(repeat.entry, loop.scope.values))
        assert repeat.update is not None
        update = substitute(repeat.update, loop.scope.values)
        if not _reads(body, channels) and repeat.channels not in variables(update):
            return [*note, *lines]
        return [
            *note,
            f"{pad}{channels} = {entry}",
            *lines,
            f"{pad}    {_assigned(channels, update)}",
        ]

    def settle(self, members: Sequence[Member]) -> list[str]:
        """Note what loops and lets read; the lines of those lets that are read."""
        before = -1
        while before != len(self.numbers.used):
            before = len(self.numbers.used)
            for loop in _loops(members):
                repeat = loop.repeats[0]
                if repeat.channels in self.numbers.used and repeat.update is not None:
                    values = loop.scope.values
                    self.numbers.read(substitute(repeat.entry, values))
                    self.numbers.read(substitute(repeat.update, values))
        lines: list[str] = []
        for local in reversed([m for m in members if isinstance(m, Local)]):
            if local.name in self.numbers.used:
                text = self.numbers.shared([local.code], local.scope)
                lines.append(f"{' ' * BODY}{python_name(local.name)} = {text}")
        return lines[::-1]

    # --- a graph ---

    def graph(self) -> tuple[str, list[str]]:
        """The base class, the constructor and the `forward` of branches."""
        forward = Forward(self.members, self.bodies)
        calls = forward.lines(self.scope)
        lines = self.settle(forward.locals)
        singles = forward.singles
        numbered = [single.is_numbered for single in singles]
        if singles and all(numbered):
            base, items = "nn.ModuleList", Call("[", self.docs(singles), "]")
            lines += layout(Call("super().__init__(", (items,)), BODY)
        elif any(numbered):
            docs = zip(singles, self.docs(singles), strict=True)
            pairs = [_keyed(f"{literal(single.key)}: ", doc) for single, doc in docs]
            base, items = "nn.ModuleDict", Call("{", tuple(pairs), "}")
            lines += layout(Call("super().__init__(", (items,)), BODY)
        else:
            base = "nn.Module"
            lines.append(f"{' ' * BODY}super().__init__()")
            for single in singles:
                lines += self.statement(single, BODY)
        return base, [*lines, "", *calls]

    def docs(self, singles: Iterable[Single]) -> tuple[Doc, ...]:
        """The submodules as arguments, in the network with their shapes."""
        return tuple(map(self.doc, singles))

    def doc(self, single: Single) -> Doc:
        """A submodule as an argument, with the comments that it has here."""
        doc, note = single.doc, self.note([single])
        if self.shows_shapes and single.shape:
            doc = Commented(doc, single.shape)
        return Noted(doc, note) if note else doc

    def note(self, members: Sequence[Member]) -> str:
        """The comment above the first of some submodules, when it is new."""
        match members[0] if members else None:
            case Single(note=note) if note not in self.noted:
                self.noted.add(note)
                return note
            case Loop(members=inner) | Again(members=inner):
                return self.note(inner)
        return ""

    def statement(self, single: Single, indent: int) -> list[str]:
        """The statement that adds a submodule under its name, or as the next one."""
        doc = self.doc(single)
        if single.is_numbered:
            return layout(_within("self.append(", doc), indent)
        if single.name.startswith("f"):
            arguments = (single.name, single.doc)
            return layout(Call("self.add_module(", arguments), indent)
        return layout(doc, indent, before=f"self.{single.key} = ")

    # --- groups ---

    def group(self, column: list[Module], scope: Scope) -> Doc:
        """A labelled group: `nn.Sequential` in place, or a class of its own."""
        bodies = [module.body for module in column]
        scope = replace(scope, may_loop=self.scope.may_loop)
        before = self.numbers.state
        items = [item for body in bodies for item in submodules(body)]
        is_plain = all(item.name.value.isdigit() for item in items)
        if is_plain and is_chain(bodies) and not _has_loops(bodies):
            members = self.members.of(bodies, scope)
            if all(_is_numbered(member) for member in members):
                docs = tuple(m.doc for m in members if isinstance(m, Single))
                return Call("nn.Sequential(", docs)
        self.numbers.state = before
        return self.group_class(column, scope)

    def group_class(self, column: list[Module], scope: Scope) -> Doc:
        """A group that is no plain sequence, as a class that is given what it reads."""
        label = class_name(column[0].name.value)
        taken = {*self.classes.taken, *self.groups.values()}
        writer = ClassWriter(
            unique(f"{self.name}{label}", taken),
            [module.body for module in column],
            self.visible(scope),
            self.classes,
            may_loop=scope.may_loop,
            values=scope.values,
        )
        lines = writer.lines(f"A part of `{self.name}`.")
        self.numbers.used |= writer.numbers.used & scope.names
        items: list[Doc] = []
        for parameter in writer.parameters():
            if not parameter.values:
                items.append(parameter.name)
                continue
            values = [Symbolic(value, constant(value)) for value in parameter.values]
            text = self.numbers.write(values, parameter.name, scope)
            items.append(Labelled(f"{parameter.name}=", text))
        return Call(f"{self.named(writer, lines)}(", tuple(items))

    def visible(self, scope: Scope) -> dict[str, Argument]:
        """What a group may read from around it, the input channels first."""
        names = sorted(scope.names, key=lambda name: (name != "cin", name))
        return {
            name: replace(self.outer[name], default="", keyword_only=False)
            if name in self.outer
            else Argument(python_name(name), annotation(self.inner[name]), key=name)
            for name in names
        }

    def named(self, group: ClassWriter, lines: list[str]) -> str:
        """The name of a group's class: groups that are written alike share one."""
        meaning = _meaning(lines)
        known = {**self.classes.groups, **self.groups}
        if meaning in known:
            return known[meaning]
        self.groups |= {**group.groups, meaning: group.name}
        self.sections += [*group.sections, lines]
        return group.name


def _meaning(lines: list[str]) -> str:
    """What a class says, whatever it is called and whatever comments it has."""
    (statement,) = ast.parse("\n".join(lines)).body
    assert isinstance(statement, ast.ClassDef)
    statement.name = ""
    return ast.dump(statement)


def _reads(lines: Iterable[str], name: str) -> bool:
    return any(re.search(rf"\b{name}\b", line) for line in lines)


def _assigned(name: str, code: ast.expr) -> str:
    """`name = code`, or `name += step` for a sum that starts with the name."""
    text = expression(code)
    is_sum = isinstance(code, ast.BinOp) and isinstance(code.op, ast.Add | ast.Sub)
    if is_sum and text.startswith(f"{name} + "):
        return f"{name} += {text.removeprefix(f'{name} + ')}"
    return f"{name} = {text}"


def _has_loops(bodies: Bodies) -> bool:
    items = (item for body in bodies for item in level(body))
    return any(isinstance(i, Repeat) and len(i.iterations) > 1 for i in items)


def _is_numbered(member: Member) -> bool:
    return isinstance(member, Single) and member.is_numbered


def _within(opening: str, doc: Doc) -> Doc:
    """The call of a submodule's construction; comments are about the whole."""
    if isinstance(doc, Noted):
        return Noted(_within(opening, doc.value), doc.note)
    if isinstance(doc, Commented):
        return Commented(Call(opening, (doc.value,)), doc.comment)
    return Call(opening, (doc,))


def _keyed(label: str, doc: Doc) -> Doc:
    """An entry of a dictionary, its comment above it."""
    if isinstance(doc, Noted):
        return Noted(Labelled(label, doc.value), doc.note)
    return Labelled(label, doc)


def _loops(members: Iterable[Member]) -> Iterator[Loop]:
    for member in members:
        match member:
            case Loop():
                yield member
                yield from _loops(member.members)
            case Alternative():
                yield from _loops([*member.then, *member.otherwise])
