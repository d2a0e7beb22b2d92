"""What stands in an `__init__`: the submodules of a class, and how they are made."""

from __future__ import annotations

import ast
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Any, Protocol

from archspec.backends.python.block_instances import (
    Bodies,
    columns,
    torch_call,
    unrolled,
)
from archspec.backends.python.formatting import (
    Call,
    Conditional,
    Doc,
    Labelled,
    breakable,
)
from archspec.backends.python.identifiers import python_name
from archspec.backends.python.shared_numbers import Mismatch, Numbers, Scope
from archspec.frontend.comments import comment_of_step
from archspec.ir.graph import Choice, Layer, Let, Module, Repeat
from archspec.ir.symbolic import (
    Symbolic,
    as_symbolic,
    constant,
    same,
    substitute,
    variable,
    variables,
)
from archspec.ops.shapes import channels
from archspec.ops.torch_call import TorchCall


@dataclass
class Local:
    """`name = code`, where something reads it."""

    name: str  # the spec's
    code: ast.expr
    scope: Scope


@dataclass
class Single:
    """A submodule. `name` is its label as Python text, empty for a numbered one."""

    name: str
    key: str  # in the state dict
    doc: Doc
    shape: str  # of its output; empty where a loop makes several
    note: str  # the spec's comment above it

    @property
    def is_numbered(self) -> bool:
        """Whether its place in the sequence is its name."""
        return not self.name


@dataclass
class Loop:
    """A `for` over submodules, with the channels as they move."""

    repeats: list[Repeat]
    scope: Scope
    members: list[Member]


@dataclass
class Alternative:
    """Submodules of which some instances have these and some have those."""

    test: str
    then: list[Member]
    otherwise: list[Member]


@dataclass
class Again:
    """Numbered submodules, as often as one iteration after the other has them."""

    times: int
    members: list[Single]


FEW = 2  # equal iterations that are read as fast as a loop
LONGEST_HEAD = 72  # characters of a `for`, which may stand within another
Member = Local | Single | Loop | Again | Alternative


@dataclass(frozen=True)
class Argument:
    """A parameter of an emitted class, and its value for each instance.

    `key` is the block's own parameter; it is empty for one that was added.
    """

    name: str
    annotation: str
    default: str = ""
    keyword_only: bool = False
    key: str = ""
    values: Sequence[object] = ()


class BlockClass(Protocol):
    """A class that has been written: how to call it."""

    name: str
    parameters: list[Argument]

    def number(self, module: Module) -> int:
        """Which of the class's instances this is."""


class Members:
    """The submodules of one class, from the bodies of all its instances."""

    def __init__(
        self,
        numbers: Numbers,
        class_of: Callable[[Module], BlockClass],
        write_group: Callable[[list[Module], Scope], Doc],
    ) -> None:
        self.numbers = numbers
        self.class_of = class_of
        self.write_group = write_group

    def of(self, bodies: Bodies, scope: Scope) -> list[Member]:
        """The members that parallel bodies have in common.

        Raises:
            Mismatch: if they differ in structure.
        """
        found: list[Member] = []
        for column in columns(bodies):
            members, scope = self.column(column, scope)
            found += members
        return found

    def column(self, column: list[Any], scope: Scope) -> tuple[list[Member], Scope]:
        """The members for one item of all bodies, and the scope after it."""
        match column[0]:
            case Layer():
                return [self.layer(column, scope)], scope
            case Module():
                return [self.module(column, scope)], scope
            case Let():
                return self.locals(column, scope)
            case Choice():
                return self.choice(column, scope), scope
            case Repeat():
                return self.repeat(column, scope)
        raise Mismatch  # branches, which are no member of a sequence

    # --- layers and blocks ---

    def layer(self, column: Sequence[Layer], scope: Scope) -> Single:
        """`nn.Conv2d(in_channels, 64, kernel_size=3)`."""
        calls = [torch_call(layer) for layer in column]
        if len({(call.name, len(call.args)) for call in calls}) > 1:
            raise Mismatch
        is_image = len(column[0].node.inputs[0].shape or ()) == 3
        hint = "channels" if is_image else "in_features"
        items: list[Doc] = [
            self.numbers.write(values, hint, scope)
            for values in zip(*(call.args for call in calls), strict=True)
        ]
        for name in calls[0].kwargs:
            if not all(_is_default(call, name) for call in calls):
                values = [call.kwargs[name] for call in calls]
                items.append(
                    Labelled(f"{name}=", self.numbers.write(values, name, scope))
                )
        doc = Call(f"{calls[0].name}(", tuple(items))
        return self.single(column, doc, scope)

    def module(self, column: Sequence[Module], scope: Scope) -> Single:
        """`Residual(64, s=2)`, or a labelled group."""
        if not column[0].block:
            return self.single(column, self.write_group(list(column), scope), scope)
        written = self.class_of(column[0])
        if any(self.class_of(module) is not written for module in column):
            raise Mismatch
        items: list[Doc] = []
        for parameter in written.parameters:
            items += self.argument(parameter, written, column, scope)
        return self.single(column, Call(f"{written.name}(", tuple(items)), scope)

    def argument(
        self,
        parameter: Argument,
        written: BlockClass,
        column: Sequence[Module],
        scope: Scope,
    ) -> list[Doc]:
        """One argument of a block's class; none where the default stands for it."""
        if parameter.values:
            values = [parameter.values[written.number(module)] for module in column]
            items = [Symbolic(value, constant(value)) for value in values]
        elif parameter.key == "cin":
            items = [
                as_symbolic(channels(module.input.shape or ())) for module in column
            ]
        else:
            items = [module.arguments[parameter.key] for module in column]
        text = self.numbers.write(items, parameter.name, scope)
        is_given = any(parameter.key in module.given for module in column)
        if text == parameter.default and not is_given:
            return []
        doc = breakable(text)
        return [Labelled(f"{parameter.name}=", doc) if parameter.keyword_only else doc]

    def single(
        self, column: Sequence[Layer | Module], doc: Doc, scope: Scope
    ) -> Single:
        """A submodule under its label or number."""
        key = str(column[0].name.value)
        name = ""
        if not key.isdigit():
            labels = [item.name for item in column]
            name = self.numbers.write(labels, "", replace(scope, may_add=False))
        parts = [item.node if isinstance(item, Layer) else item for item in column]
        shapes = {str([*map(int, part.output.shape or ())]) for part in parts}
        shape = shapes.pop() if len(shapes) == 1 else ""
        return Single(name, key, doc, shape, comment_of_step(parts[0].span))

    # --- what a body does to them ---

    def locals(self, column: Sequence[Let], scope: Scope) -> tuple[list[Member], Scope]:
        """The names of a `let`, where one expression says them for all instances."""
        found: list[Member] = []
        for name in column[0].values:
            codes = [let.values[name].code for let in column]
            if self.numbers.is_shared(codes, scope):
                found.append(Local(name, codes[0], scope))
                scope = scope.naming([name])
        return found, scope

    def choice(self, column: Sequence[Choice], scope: Scope) -> list[Member]:
        """The arm that all instances take, or both under the condition."""
        taken = [choice.body for choice in column if choice.condition.value]
        left = [choice.body for choice in column if not choice.condition.value]
        if not taken or not left:
            return self.of(taken or left, scope)
        inside = replace(scope, may_add=False)
        conditions = [choice.condition for choice in column]
        test = self.numbers.write(conditions, "", inside)
        then, otherwise = self.of(taken, inside), self.of(left, inside)
        match then, otherwise:
            case [Single() as one], [Single() as other] if one.key == other.key:
                return [replace(one, doc=Conditional(one.doc, test, other.doc))]
        return [Alternative(test, then, otherwise)]

    def repeat(
        self, column: Sequence[Repeat], scope: Scope
    ) -> tuple[list[Member], Scope]:
        """A loop, where one says it for all instances, else each time by itself."""
        if scope.may_loop and any(len(repeat.iterations) > 1 for repeat in column):
            before = self.numbers.state
            try:
                return self.looped(list(column), scope)
            except Mismatch:
                self.numbers.state = before
        return self.unrolled(column, scope)

    def looped(self, column: list[Repeat], scope: Scope) -> tuple[list[Member], Scope]:
        """A `for` whose body stands for every iteration of every instance."""
        first = column[0]
        updates = [repeat.update for repeat in column if repeat.update is not None]
        if len(updates) < len(column):
            raise Mismatch
        moving = first.channels
        values = {n: code for n, code in scope.values.items() if n != moving}
        names = {*first.variables[0]}
        inside = replace(scope, values=values).naming(names)
        entry = substitute(first.entry, scope.values)
        if self.numbers.is_shared([repeat.entry for repeat in column], scope):
            stays = all(
                same(update, variable(moving)) or same(update, entry)
                for update in (substitute(update, values) for update in updates)
            )
            if stays:
                values[moving] = entry
            elif self.numbers.is_shared(updates, inside.naming([moving])):
                names.add(moving)
        inside = replace(inside.naming(names), values=values, may_add=False)
        bodies = [body for repeat in column for body in repeat.iterations]
        loop = Loop(column, inside, self.of(bodies, inside))
        if len(self.head(loop)) > LONGEST_HEAD:
            raise Mismatch
        after = replace(scope, values=values).naming(names & {moving})
        return [loop], after

    def head(self, loop: Loop, *, counts: bool = True) -> str:
        """`for i, n in enumerate(depths):`; `counts` says whether the body reads `i`."""
        first = loop.repeats[0]
        names = [name for name in first.variables[0] if name != first.index]
        index = python_name(first.index) if counts else "_"
        if not names:
            times = [Symbolic(len(r.iterations), r.rows.code) for r in loop.repeats]
            return f"for {index} in range({self.numbers.write(times, '', loop.scope)}):"
        rows = self.rows(loop, len(names))
        target = ", ".join(python_name(name) for name in names)
        if index == "_":
            return f"for {target} in {rows}:"
        target = f"({target})" if len(names) > 1 else target
        return f"for {index}, {target} in enumerate({rows}):"

    def rows(self, loop: Loop, width: int) -> str:
        """What a loop over rows runs through."""
        rows = [repeat.rows for repeat in loop.repeats]
        if width > 1 and not any(variables(row.code) for row in rows):
            return self.numbers.write(rows, "", loop.scope)
        found = []
        for n in range(width):
            column = [Symbolic(tuple(line[n] for line in row.value), row.code.elts[n])
                      for row in rows if isinstance(row.code, ast.Tuple)]  # fmt: skip
            found.append(self.numbers.write(column, "", loop.scope))
        return found[0] if width == 1 else f"zip({', '.join(found)}, strict=True)"

    def unrolled(
        self, column: Sequence[Repeat], scope: Scope
    ) -> tuple[list[Member], Scope]:
        """Each iteration by itself, its loop variables as literals."""
        found: list[Member] = []
        bodies, after = unrolled(column, scope)
        members = [self.of(iteration, inside) for iteration, inside in bodies]
        for _, alike in groupby(members, _numbered_code):
            found += _folded(list(alike))
        return found, after


def _numbered_code(members: Sequence[Member]) -> object:
    """What iterations that differ only in the numbers of their submodules share."""
    singles = [m for m in members if isinstance(m, Single) and m.is_numbered]
    if len(singles) < len(members):
        return id(members)
    return [(single.doc, single.shape) for single in singles]


def _folded(iterations: list[list[Member]]) -> list[Member]:
    """Equal iterations as one that happens again, if they are more than a few."""
    singles = [member for member in iterations[0] if isinstance(member, Single)]
    if len(iterations) > FEW:
        return [Again(len(iterations), singles)]
    return [member for members in iterations for member in members]


def _is_default(call: TorchCall, name: str) -> bool:
    item = call.kwargs[name]
    if variables(item.code):
        return False
    return name in call.defaults and bool(item.value == call.defaults[name])
