"""The `forward` of a class whose branches part and join."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from pathlib import PurePath
from typing import TypeGuard

from archspec.backends.python.block_instances import (
    Bodies,
    columns,
    referenced,
    submodules,
    unrolled,
)
from archspec.backends.python.formatting import (
    WIDTH,
    Call,
    Commented,
    Doc,
    flat,
    layout,
)
from archspec.backends.python.identifiers import python_name, unique
from archspec.backends.python.shared_numbers import Mismatch, Scope
from archspec.backends.python.submodules import Local, Members, Single
from archspec.diagnostics.source import Span
from archspec.ir.graph import Choice, Head, Layer, Merge, Module, Reference, Repeat
from archspec.ops.merging import MERGES
from archspec.ops.registry import OPS

INDENT = 8
LONGEST = 60  # characters of nested calls before they become two statements
DEEPEST = 3  # nested calls that a reader takes in; `relu(bn(conv(x)))`


@dataclass
class Assignment:
    """`a, b = value`."""

    names: list[str]
    value: Doc

    def lines(self) -> list[str]:
        """The statement."""
        return layout(self.value, INDENT, before=f"{', '.join(self.names)} = ")


class Unpacking(Assignment):
    """`conv, bn, relu = self`, where the value is short."""

    def lines(self) -> list[str]:
        """The statement; many names stand in brackets, a line each."""
        after = f" = {flat(self.value)}"
        if len(self.names) == 1:
            return [f"{' ' * INDENT}({self.names[0]},){after}"]
        line = f"{' ' * INDENT}{', '.join(self.names)}{after}"
        if len(line) <= WIDTH:
            return [line]
        return layout(Call("(", tuple(self.names)), INDENT, after=after)


class InTraining(Assignment):
    """`aux1 = value`, in training mode only."""

    def lines(self) -> list[str]:
        """The statement, below its `if`."""
        return layout(self.value, INDENT + 4, before=f"{self.names[0]} = ")


class Forward:
    """The statements of a `forward`, and the submodules it calls, in their order."""

    def __init__(self, members: Members, bodies: Bodies) -> None:
        self.members = members
        self.bodies = bodies
        self.singles: list[Single] = []
        self.locals: list[Local] = []
        self.handles: list[str] = []  # how the code names each submodule
        self.statements: list[Assignment] = []
        self.joins: list[tuple[str, str]] = []  # the code of each, and where it stands
        self.labels: dict[str, str] = {}  # the variables of labels that are read again
        self.heads: list[str] = []  # the variables of extra outputs
        self.taken = {"self", "torch", "nn", "x"}
        self.wanted = referenced(bodies)
        modules = [module for body in bodies for module in submodules(body)]
        numbered = [m for m in modules if m.name.value.isdigit()]
        self.is_numbered = not all(map(_is_identity, numbered))
        self.plan = Counter(_base_name(m) for m in submodules(bodies[0]))

    def lines(self, scope: Scope) -> list[str]:
        """The method.

        Raises:
            Mismatch: if the instances differ in structure.
        """
        result = self.body(self.bodies, "x", "x", replace(scope, may_loop=False))
        if self.heads:
            result = self.as_name(result, "x")
        self.unpack()
        self.drop_unread(", ".join([flat(result), *self.heads]))
        last = self.statements[-1] if self.statements else None
        if last and last.names == [result] and not self.heads:  # `x = ...; return x`
            self.statements.pop()
            result = last.value
        kind = "Tensor | tuple[Tensor, ...]" if self.heads else "Tensor"
        lines = [f"{' ' * (INDENT - 4)}def forward(self, x: Tensor) -> {kind}:"]
        trains = f"{' ' * INDENT}if self.training:"
        for in_training, statements in groupby(self.statements, _is_of_head):
            lines += [trains] * in_training
            for statement in statements:
                lines += replace(statement, value=self.placed(statement.value)).lines()
        if self.heads:
            is_open = _is_of_head(self.statements[-1])
            lines += [] if is_open else [trains]
            lines += _returned([flat(result), *self.heads])
        return [*lines, *layout(self.placed(result), INDENT, before="return ")]

    def placed(self, value: Doc) -> Doc:
        """An expression with the place of its join, for whoever reads a traceback."""
        code = flat(value)
        places = [place for join, place in self.joins if join in code]
        return Commented(value, places[-1]) if places else value

    def unpack(self) -> None:
        """Give numbered submodules names."""
        if not self.is_numbered:
            return
        all_numbered = all(single.is_numbered for single in self.singles)
        whole = "self" if all_numbered else "self.values()"
        self.statements.insert(0, Unpacking(self.handles, whole))

    def drop_unread(self, result: Doc) -> None:
        """Leave out what a `ref` leaves behind: no later statement reads it."""
        read = _names(result)
        kept: list[Assignment] = []
        for statement in reversed(self.statements):
            if read.isdisjoint(statement.names):
                continue
            names = [name if name in read else "_" for name in statement.names]
            read = read.difference(names) | _names(statement.value)
            kept.append(replace(statement, names=names))
        self.statements = kept[::-1]

    # --- items: each takes the expression of its input and returns that of its output

    def body(self, bodies: Bodies, value: Doc, target: str, scope: Scope) -> Doc:
        """The expression of a body's output, after the statements it needs.

        `target` is the variable for what is too long for one expression.
        """
        for column in columns(bodies):
            match column[0]:
                case Layer() as layer if self.is_left_out(layer):
                    pass
                case Layer() | Module():
                    (single,), _ = self.members.column(column, scope)
                    assert isinstance(single, Single)
                    value = self.called(single, column[0], value, target)
                case Choice():
                    value = self.choice(column, value, target, scope)
                case Merge():
                    value = self.merge(column, value, target, scope)
                case Repeat():
                    times, scope = unrolled(column, scope)
                    for iteration, inside in times:
                        value = self.body(iteration, value, target, inside)
                case Head():
                    value = self.head(column, value, target, scope)
                case Reference():
                    value = self.labels[column[0].label]
                case _:
                    found, scope = self.members.column(column, scope)
                    self.locals += [m for m in found if isinstance(m, Local)]
        return value

    def is_left_out(self, layer: Layer) -> bool:
        """An identity needs no module where that leaves no hole in the numbers."""
        is_unlabelled = layer.name.value.isdigit()
        return is_unlabelled and _is_identity(layer) and not self.is_numbered

    def called(
        self, single: Single, item: Layer | Module, value: Doc, target: str
    ) -> Doc:
        """A submodule, called."""
        if _depth(value) >= DEEPEST and not _is_activation(item):
            value = self.assign(target, value)
        handle = self.handle(item)
        self.singles.append(single)
        self.handles.append(handle)
        result: Doc = Call(f"{handle}(", (value,))
        if len(flat(result)) > LONGEST and not isinstance(value, str):
            result = Call(f"{handle}(", (self.assign(target, value),))
        label = str(item.name.value)
        if label in self.wanted:
            variable = self.fresh(f"{label}_out" if self.is_numbered else label)
            result = self.labels[label] = self.assign(variable, result)
        return result

    def choice(
        self, column: Sequence[Choice], value: Doc, target: str, scope: Scope
    ) -> Doc:
        """The arm that all instances take, or a submodule that has the right one."""
        if len({choice.condition.value for choice in column}) == 1:
            bodies = [choice.body for choice in column]
            return self.body(bodies, value, target, scope)
        members = self.members.choice(column, scope)
        if len(members) != 1 or not isinstance(members[0], Single):
            raise Mismatch
        arms = [submodules(choice.body)[0] for choice in column]
        named = [arm for arm in arms if not _is_identity(arm)]
        return self.called(members[0], (named or arms)[0], value, target)

    def merge(
        self, column: Sequence[Merge], value: Doc, target: str, scope: Scope
    ) -> Doc:
        """The branches one after the other, then what joins them."""
        merge = column[0]
        value = self.as_name(value, target)
        stem = f"{target}_" if target != "x" else ""
        axis = 2 if len(merge.node.output.shape or ()) == 2 else 1
        inputs = [value] * len(merge.branches)
        if merge.split:
            inputs = [self.next(f"{stem}chunk") for _ in inputs]
            chunks = f"{value}.chunk({len(inputs)}, dim={axis})"
            self.statements.append(Unpacking(inputs, chunks))
        results: list[Doc] = []
        names = [self.next(f"{stem}branch") for _ in inputs]
        for number, entry in enumerate(inputs):
            start = len(self.statements)
            bodies = [merge.branches[number] for merge in column]
            result = self.body(bodies, entry, names[number], scope)
            if len(self.statements) > start:  # branches run in the order written
                self.settle(results, names, start)
            results.append(result)
        result = self.joined(merge.node.op, results, names, axis)
        self.joins.append((flat(result), _place(merge.node.span)))
        return result

    def head(
        self, column: Sequence[Head], value: Doc, target: str, scope: Scope
    ) -> str:
        """An extra output, of a value that goes on without it."""
        value = self.as_name(value, target)
        item = column[0].item
        (single,), _ = self.members.column([head.item for head in column], scope)
        assert isinstance(single, Single)
        result = self.called(single, item, value, target)
        label = str(item.name.value)
        variable = self.fresh(f"{label}_out" if self.is_numbered else label)
        self.statements.append(InTraining([variable], result))
        self.heads.append(variable)
        return value

    def settle(self, results: list[Doc], names: list[str], start: int) -> None:
        """Assign the outputs of earlier branches before a later one's statements."""
        for number, result in enumerate(results):
            if not _is_name(result):
                self.statements.insert(start, Assignment([names[number]], result))
                results[number] = names[number]
                start += 1

    def joined(self, op: str, results: list[Doc], names: list[str], axis: int) -> Doc:
        """`torch.cat([a, b], dim=1)`, `a + b` or `a * b`."""
        if not MERGES[op].operator:
            self.simplify(results, names, too_long=False)
            return Call("torch.cat(", (Call("[", tuple(results), "]"), f"dim={axis}"))
        sign = f" {MERGES[op].operator} "
        too_long = len(sign.join(map(flat, results))) > LONGEST
        self.simplify(results, names, too_long=too_long)
        pieces = [flat(result) for result in results]
        while len(pieces) > 2 and len(sign.join(pieces)) > LONGEST:
            pieces[:2] = [self.assign(names[0], sign.join(pieces[:2]))]
        return sign.join(pieces)

    def simplify(self, results: list[Doc], names: list[str], *, too_long: bool) -> None:
        """Assign the outputs of branches that are too much within an expression."""
        last = len(results) if too_long else 0
        for number, result in enumerate(results):
            is_sum = isinstance(result, str) and not _is_name(result)
            if is_sum or (isinstance(result, Call) and result.opening == "torch.cat("):
                last = number + 1
        for number, result in enumerate(results[:last]):
            results[number] = self.as_name(result, names[number])

    # --- names ---

    def assign(self, name: str, value: Doc) -> str:
        self.statements.append(Assignment([name], value))
        return name

    def as_name(self, value: Doc, target: str) -> str:
        """The variable that has a value, assigned first if need be."""
        return flat(value) if _is_name(value) else self.assign(target, value)

    def handle(self, item: Layer | Module) -> str:
        """How the code names a submodule: `self.stem`, or a variable."""
        if not self.is_numbered:
            return f"self.{item.name.value}"
        name = _base_name(item)
        return self.next(name) if self.plan[name] > 1 else self.fresh(name)

    def fresh(self, name: str) -> str:
        """A variable that nothing has."""
        name = unique(python_name(name), self.taken)
        self.taken.add(name)
        return name

    def next(self, name: str) -> str:
        """One of several variables: `conv1`, `conv2`."""
        stem = f"{name}_" if name[-1].isdigit() else name
        number = 1
        while f"{stem}{number}" in self.taken:
            number += 1
        return self.fresh(f"{stem}{number}")


def _base_name(item: Layer | Module) -> str:
    """What the code calls a submodule: its label, or its op or block."""
    if not item.name.value.isdigit():
        return str(item.name.value)
    return item.node.op if isinstance(item, Layer) else item.block


def _returned(names: Sequence[str]) -> list[str]:
    """`return x, aux1`; many names stand in brackets, a line each."""
    line = f"{' ' * (INDENT + 4)}return {', '.join(names)}"
    if len(line) <= WIDTH:
        return [line]
    return layout(Call("(", tuple(names)), INDENT + 4, before="return ")


def _is_of_head(statement: Assignment) -> bool:
    return isinstance(statement, InTraining)


def _is_identity(item: Layer | Module) -> bool:
    return isinstance(item, Layer) and item.node.op == "identity"


def _is_activation(item: Layer | Module) -> bool:
    return isinstance(item, Layer) and OPS[item.node.op].family == "activation"


def _is_name(value: Doc) -> TypeGuard[str]:
    return isinstance(value, str) and value.isidentifier()


def _place(span: Span) -> str:
    """`resnet18.yaml:12`; nothing in a file's name can end a comment."""
    path = PurePath(span.source.name)  # a bundled spec goes by its name
    name = re.sub(r"[^A-Za-z0-9_.-]", "_", path.stem + (path.suffix or ".yaml"))
    return f"{name}:{span.line}"


def _depth(value: Doc) -> int:
    return 1 + max(map(_depth, value.items)) if isinstance(value, Call) else 0


def _names(value: Doc) -> set[str]:
    return set(re.findall(r"(?<![.\w])[A-Za-z_]\w*", flat(value)))
