"""Write a network as Python: one class for each block, as an expert would.

All calls of a block are instances of one class. Where a number of a layer is an
expression over the block's parameters, the class has that expression; where it is the
same in every instance, the class has the number; where it is neither, such as the
features behind a flatten, the class has one more parameter. If the instances differ in
structure and not only in numbers, they are told apart and become several classes.
"""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

from archspec.backends.python_text import (
    Call,
    Commented,
    Conditional,
    Doc,
    Labelled,
    class_name,
    docstring,
    expression,
    flat,
    layout,
    literal,
    python_name,
)
from archspec.ir.graph import (
    Choice,
    Graph,
    Item,
    Layer,
    Let,
    Merge,
    Module,
    Reference,
    Repeat,
    walk,
)
from archspec.ir.symbolic import (
    Traced,
    constant,
    same,
    substitute,
    traced,
    variable,
    variables,
)
from archspec.ops.op import TorchCall, channels
from archspec.ops.registry import OPS
from archspec.spec import Spec

MARK = "Written by archspec."

Bodies = Sequence[tuple[Item, ...]]  # the same body in several instances


def to_source(spec: Spec) -> str:
    """The network as the text of a Python module that needs only torch."""
    return _SourceWriter(spec).text()


def network_class(spec: Spec) -> str:
    """The name of the network's class in the emitted source."""
    name = class_name(spec.name)
    blocks = {
        class_name(i.block) for i in walk(spec.graph.body) if isinstance(i, Module)
    }
    taken = {*blocks, *_helpers(spec.graph), "Tensor"}
    return f"{name}Net" if name in taken or not name else name


def _helpers(graph: Graph) -> dict[str, str]:
    """The classes that the network needs and torch has not, by name."""
    found = {}
    for node in graph.layers:
        op = OPS[node.op]
        if op.helper and node.inputs[0].shape:
            name = op.torch(op, node.inputs[0].shape, node.attributes).name
            if "." not in name:
                found[name] = op.helper
    return found


class _Mismatch(Exception):  # noqa: N818  # control flow: try another way to write it
    """Instances that no one class can stand for."""


class _Parameter(NamedTuple):
    name: str
    annotation: str
    default: str  # "" if it has none
    keyword_only: bool


@dataclass(eq=False)
class _Class:
    """A class that has been written: how to call it."""

    name: str
    instances: dict[int, int]  # id of a Module -> its number among the instances
    parameters: list[_Parameter] = field(default_factory=list)
    extras: dict[str, list[Any]] = field(default_factory=dict)
    free: list[str] = field(default_factory=list)  # of a group: the caller's variables


# --- what stands in `__init__` -------------------------------------------------------


@dataclass
class _Local:
    """`name = code`."""

    name: str
    code: str


@dataclass
class _Single:
    """A submodule; the name is Python text, empty for a numbered one."""

    name: str
    ordinal: str
    doc: Doc
    comment: str = ""


@dataclass
class _Loop:
    """A `for` over submodules, with the channels as they move."""

    repeats: list[Repeat]
    scope: _Scope
    entries: list[_Entry]


@dataclass
class _If:
    """Submodules that are there only sometimes."""

    test: str
    then: list[_Entry]
    otherwise: list[_Entry]


_Entry = _Local | _Single | _Loop | _If


@dataclass(frozen=True)
class _Scope:
    """What may be named where an item is written."""

    allowed: frozenset[str]
    values: dict[str, ast.expr] = field(default_factory=dict)  # of unrolled loops
    extras: bool = True  # whether a number may become a parameter
    loops: bool = True  # whether a repeat may be a loop


class _SourceWriter:
    """The classes of one network, blocks before those that use them."""

    def __init__(self, spec: Spec) -> None:
        self.spec = spec
        self.network = network_class(spec)
        self.sections: list[list[str]] = []
        self.names = {self.network, "Tensor", *_helpers(spec.graph)}
        self.groups: dict[str, str] = {}  # text of a group's class -> its name
        self.classes: dict[int, _Class] = {}  # id of a block's instance -> its class
        self.families: dict[Any, list[Module]] = {}
        for item in walk(spec.graph.body):
            if isinstance(item, Module) and item.block:
                self.families.setdefault(_family(item), []).append(item)

    def text(self) -> str:
        self.write_network()
        body = "\n".join("\n".join(["", "", *section]) for section in self.sections)
        helpers = _helpers(self.spec.graph)
        written = "".join(f"\n\n{text.strip()}\n" for text in helpers.values())
        rest = written + body
        imports = ["import torch"] if "torch." in rest.replace("torch.nn", "") else []
        imports += [
            "from torch import Tensor, nn"
            if "Tensor" in rest
            else "from torch import nn"
        ]
        about = self.spec.document.about.strip()
        title = f"{self.spec.name}: {about}" if about else self.spec.name
        head = docstring(f"{title}\n\n{MARK}", 0)
        return "\n".join([*head, "", *imports]) + "\n" + rest.rstrip("\n") + "\n"

    def write_network(self) -> None:
        graph = self.spec.graph
        writer = _ClassWriter(self, self.network, [graph.body], comments=True)
        try:
            lines = writer.lines(self.about())
        except _Mismatch:
            writer = _ClassWriter(
                self, self.network, [graph.body], comments=True, loops=False
            )
            lines = writer.lines(self.about())
        self.sections.append(lines)

    def about(self) -> str:
        size = "x".join(str(n) for n in self.spec.input_shape)
        return f"Takes images of {size}."

    def class_of(self, module: Module) -> _Class:
        """The class of a block's instance; written at the first question."""
        if id(module) not in self.classes:
            self.write_family(self.families[_family(module)])
        return self.classes[id(module)]

    def write_family(self, modules: list[Module]) -> None:
        try:
            self.write_block(modules)
        except _Mismatch:
            by_skeleton: dict[str, list[Module]] = {}
            for module in modules:
                by_skeleton.setdefault(self.skeleton(module.body), []).append(module)
            for alike in by_skeleton.values():
                try:
                    self.write_block(alike)
                except _Mismatch:
                    self.write_block(alike, loops=False)

    def skeleton(self, body: tuple[Item, ...]) -> str:
        """The structure of a body without its numbers."""
        parts = []
        for item in _level(body):
            match item:
                case Layer(node=node):
                    parts.append(
                        torch_call(item).name if node.output.shape else node.op
                    )
                case Module():
                    written = (
                        self.class_of(item).name if item.block else item.name.value
                    )
                    parts.append(f"{written}:{item.name.value}")
                case Repeat():
                    parts.append(f"repeat {len(item.iterations)}")
                case Choice():
                    parts.append(f"if {item.condition.value}")
                case Merge():
                    parts.append(f"{item.node.op} {len(item.branches)}")
                case Reference():
                    parts.append(f"ref {item.label}")
        return " ".join(parts)

    def write_block(self, modules: list[Module], *, loops: bool = True) -> None:
        block = modules[0].block
        name = self.unique(class_name(block))
        written = _Class(name, {id(m): n for n, m in enumerate(modules)})
        writer = _ClassWriter(
            self, name, [m.body for m in modules], block=modules, loops=loops
        )
        lines = writer.lines(f"`{modules[0].signature}`")
        written.parameters = writer.parameters()
        written.extras = writer.extras
        self.names.add(name)
        self.sections.append(lines)
        for module in modules:
            self.classes[id(module)] = written

    def unique(self, name: str) -> str:
        number, fresh = 1, name or "Block"
        while fresh in self.names:
            number += 1
            fresh = f"{name}{number}"
        return fresh


def _family(module: Module) -> Any:
    """Instances that one class may stand for: one block, the same ops as arguments."""
    callees = tuple(
        (name, _callees(item.value)) for name, item in sorted(module.arguments.items())
    )
    return (id(module.definition), callees)


def _callees(value: Any) -> Any:
    if isinstance(value, tuple):
        return tuple(_callees(item) for item in value)
    return id(value) if hasattr(value, "name") else None


def torch_call(layer: Layer) -> TorchCall:
    """How torch constructs a layer."""
    node = layer.node
    op = OPS[node.op]
    shape = node.inputs[0].shape
    assert shape is not None
    return op.torch(op, shape, node.attributes)


def _shown(shape: Iterable[int] | None) -> str:
    return str([int(size) for size in shape or ()])


class _ClassWriter:
    """One class, from the bodies of all its instances."""

    def __init__(
        self,
        writer: _SourceWriter,
        name: str,
        bodies: Bodies,
        *,
        block: list[Module] | None = None,
        scope: _Scope | None = None,
        loops: bool = True,
        comments: bool = False,
    ) -> None:
        self.writer = writer
        self.name = name
        self.bodies = bodies
        self.block = block or []
        self.comments = comments
        self.used: set[str] = set()
        self.extras: dict[str, list[Any]] = {}
        names = {"cin", *self.block[0].arguments} if self.block else set()
        self.scope = scope or _Scope(frozenset(names), loops=loops)
        self.is_group = scope is not None

    # --- the class ---

    def lines(self, about: str) -> list[str]:
        """The class statement."""
        if _is_chain(self.bodies):
            base, body = "nn.Sequential", self.chain_body()
        else:
            base, body = self.graph_body()
        signature = self.signature()
        return [
            f"class {self.name}({base}):",
            *docstring(about, 4),
            "",
            *signature,
            *body,
        ]

    def chain_body(self) -> list[str]:
        entries = self.entries(self.bodies, self.scope)
        self.settle_loops(entries)
        entries = [
            e for e in entries if not isinstance(e, _Local) or e.name in self.used
        ]
        lines = [
            f"        {e.name} = {e.code}" for e in entries if isinstance(e, _Local)
        ]
        entries = [e for e in entries if not isinstance(e, _Local)]
        first = 0
        while first < len(entries) and _is_numbered(entries[first]):
            first += 1
        head = tuple(_commented(e) for e in entries[:first] if isinstance(e, _Single))
        lines += layout(Call("super().__init__(", head), 8)
        for entry in entries[first:]:
            lines += self.statement(entry, 8)
        return lines

    def statement(self, entry: _Entry, indent: int) -> list[str]:
        """A submodule, or several, added to a sequence."""
        pad = " " * indent
        match entry:
            case _Single():
                return _addition(entry, indent)
            case _If():
                lines = [f"{pad}if {entry.test}:"]
                for inner in entry.then:
                    lines += self.statement(inner, indent + 4)
                lines.append(f"{pad}else:")
                for inner in entry.otherwise:
                    lines += self.statement(inner, indent + 4)
                return lines
            case _Loop():
                return self.loop(entry, indent)
        return []

    def loop(self, loop: _Loop, indent: int) -> list[str]:
        repeat = loop.repeats[0]
        pad = " " * indent
        moving = repeat.channels in self.used
        lines = []
        if moving:
            entry = self.same_code([r.entry for r in loop.repeats], loop.scope)
            lines.append(f"{pad}{repeat.channels} = {entry}")
        lines.append(f"{pad}{self.loop_head(loop)}")
        for inner in loop.entries:
            lines += self.statement(inner, indent + 4)
        if moving:
            assert repeat.update is not None
            update = expression(substitute(repeat.update, loop.scope.values))
            step = update.removeprefix(f"{repeat.channels} + ")
            sign = "+=" if step != update else "="
            lines.append(f"{pad}    {repeat.channels} {sign} {step}")
        return lines

    def loop_head(self, loop: _Loop) -> str:
        repeat = loop.repeats[0]
        names = [name for name in repeat.variables[0] if name != repeat.index]
        index = repeat.index if repeat.index in self.used else "_"
        if not names:
            count = [Traced(len(r.iterations), r.rows.code) for r in loop.repeats]
            return f"for {index} in range({self.resolve(count, 'times', loop.scope)}):"
        rows = self.loop_rows(loop, names)
        target = ", ".join(python_name(name) for name in names)
        if index == "_":
            return f"for {target} in {rows}:"
        target = f"({target})" if len(names) > 1 else target
        return f"for {index}, {target} in enumerate({rows}):"

    def loop_rows(self, loop: _Loop, names: list[str]) -> str:
        columns = [
            [Traced(tuple(row[n] for row in r.rows.value), r.rows.code.elts[n])
             for r in loop.repeats if isinstance(r.rows.code, ast.Tuple)]
            for n in range(len(names))
        ]  # fmt: skip
        codes = [self.resolve(column, "rows", loop.scope) for column in columns]
        if len(codes) == 1:
            return codes[0]
        if all(_is_literal_tuple(r.rows.code) for r in loop.repeats):
            return literal(loop.repeats[0].rows.value)
        return f"zip({', '.join(codes)}, strict=True)"

    def signature(self) -> list[str]:
        parameters = self.parameters()
        parts: list[Doc] = ["self"]
        star = False
        for parameter in parameters:
            if parameter.keyword_only and not star:
                star = True
                parts.append("*")
            default = f" = {parameter.default}" if parameter.default else ""
            parts.append(f"{parameter.name}: {parameter.annotation}{default}")
        return layout(Call("def __init__(", tuple(parts)), 4, after=" -> None:")

    def parameters(self) -> list[_Parameter]:
        """The constructor's parameters: those of the block that the code reads."""
        if self.is_group:
            names = sorted(self.used & self.scope.allowed, key=_group_order)
            return [_Parameter(python_name(n), "int", "", False) for n in names]
        found = []
        if "cin" in self.used:
            found.append(_Parameter("in_channels", "int", "", False))
        if self.block:
            found += [
                self.block_parameter(n)
                for n in self.block[0].arguments
                if n in self.used
            ]
        found += [
            _Parameter(name, _annotation(values), "", True)
            for name, values in self.extras.items()
        ]
        return sorted(found, key=lambda p: p.keyword_only)

    def block_parameter(self, name: str) -> _Parameter:
        module = self.block[0]
        values = [m.arguments[name].value for m in self.block]
        default = literal(module.defaults[name]) if name in module.defaults else ""
        if name in module.defaults:
            values.append(module.defaults[name])
        keyword_only = name in module.keyword_only
        return _Parameter(python_name(name), _annotation(values), default, keyword_only)

    # --- a chain of submodules ---

    def entries(self, bodies: Bodies, scope: _Scope) -> list[_Entry]:
        """What the parallel items of several instances have in common."""
        found: list[_Entry] = []
        for column in _columns(bodies):
            item = column[0]
            match item:
                case Layer():
                    found.append(self.layer(column, scope))
                case Module():
                    found.append(self.module(column, scope))
                case Let():
                    found += self.locals(column, scope)
                    names = frozenset(item.values)
                    scope = replace(scope, allowed=scope.allowed | names)
                case Choice():
                    found += self.choice(column, scope)
                case Repeat():
                    inner, scope = self.repeat(column, scope)
                    found += inner
        return found

    def layer(self, column: list[Layer], scope: _Scope) -> _Single:
        calls = [torch_call(layer) for layer in column]
        if len({call.name for call in calls}) > 1:
            raise _Mismatch
        op = OPS[column[0].node.op]
        defaults = {p.name: p.default for p in op.parameters}
        items: list[Doc] = []
        positional = [p.name for p in op.parameters if p.positional]
        lead = len(calls[0].args) - len(positional)
        hints = ["in_features"] * lead + positional
        for number in range(len(calls[0].args)):
            values = [call.args[number] for call in calls]
            hint = hints[number] if number < len(hints) else "size"
            items.append(self.resolve(values, hint, scope))
        for name in calls[0].kwargs:
            text = self.resolve([call.kwargs[name] for call in calls], name, scope)
            default = (
                op.defaults(
                    {
                        n: a.value
                        for n, a in column[0].node.attributes.items()
                        if n != name
                    }
                )[name]
                if name in defaults and _has_default(op, name)
                else None
            )
            if default is None or text != literal(default):
                items.append(Labelled(f"{name}=", text))
        doc = Call(f"{calls[0].name}(", tuple(items))
        return self.single(column, doc, scope, _shown(column[0].node.output.shape))

    def module(self, column: list[Module], scope: _Scope) -> _Single:
        shape = _shown(column[0].output.shape)
        if not column[0].block:
            return self.single(column, self.group(column, scope), scope, shape)
        written = self.writer.class_of(column[0])
        if any(self.writer.class_of(module) is not written for module in column):
            raise _Mismatch
        items: list[Doc] = []
        for parameter in written.parameters:
            items += self.block_argument(parameter, written, column, scope)
        return self.single(column, Call(f"{written.name}(", tuple(items)), scope, shape)

    def block_argument(
        self,
        parameter: _Parameter,
        written: _Class,
        column: list[Module],
        scope: _Scope,
    ) -> list[Doc]:
        name = parameter.name
        if name in written.extras:
            numbers = [written.instances[id(module)] for module in column]
            values = [written.extras[name][number] for number in numbers]
            text = self.resolve([Traced(v, constant(v)) for v in values], name, scope)
            return [Labelled(f"{name}=", text)]
        if name == "in_channels":
            inputs = [traced(channels(m.input.shape or ())) for m in column]
            return [self.resolve(inputs, name, scope)]
        key = next(k for k in column[0].arguments if python_name(k) == name)
        text = self.resolve([m.arguments[key] for m in column], name, scope)
        if parameter.default == text and not any(key in m.given for m in column):
            return []
        return [Labelled(f"{name}=", text) if parameter.keyword_only else text]

    def group(self, column: list[Module], scope: _Scope) -> Doc:
        """A labelled group: `nn.Sequential` in place, or a class of its own."""
        bodies = [module.body for module in column]
        if _is_chain(bodies):
            entries = self.entries(bodies, scope)
            if all(_is_numbered(entry) for entry in entries):
                docs = tuple(e.doc for e in entries if isinstance(e, _Single))
                return Call("nn.Sequential(", docs)
        name = self.name + class_name(column[0].name.value)
        inner = _ClassWriter(
            self.writer, "?", bodies, scope=replace(scope, extras=False)
        )
        lines = inner.lines(f"The group `{column[0].name.value}`.")
        parameters = inner.parameters()
        self.used |= inner.used
        text = "\n".join(lines)
        if text not in self.writer.groups:
            fresh = self.writer.unique(name)
            self.writer.groups[text] = fresh
            self.writer.names.add(fresh)
            self.writer.sections.append([f"class {fresh}{lines[0][7:]}", *lines[1:]])
        arguments = tuple(parameter.name for parameter in parameters)
        return Call(f"{self.writer.groups[text]}(", arguments)

    def single(
        self, column: Sequence[Layer | Module], doc: Doc, scope: _Scope, shape: str
    ) -> _Single:
        value = column[0].name.value
        comment = shape if self.comments else ""
        if value.isdigit():
            return _Single("", value, doc, comment)
        name = self.resolve(
            [item.name for item in column], "name", replace(scope, extras=False)
        )
        return _Single(name, value, doc, comment)

    def locals(self, column: list[Let], scope: _Scope) -> list[_Entry]:
        return [
            _Local(
                python_name(name),
                self.same_code([let.values[name].code for let in column], scope),
            )
            for name in column[0].values
        ]

    def choice(self, column: list[Choice], scope: _Scope) -> list[_Entry]:
        taken = [c.body for c in column if c.condition.value]
        left = [c.body for c in column if not c.condition.value]
        if not taken or not left:
            return self.entries([c.body for c in column], scope)
        inside = replace(scope, extras=False)
        test = self.resolve([c.condition for c in column], "condition", inside)
        then, otherwise = self.entries(taken, inside), self.entries(left, inside)
        if len(then) == len(otherwise) == 1:
            one, other = then[0], otherwise[0]
            if (
                isinstance(one, _Single)
                and isinstance(other, _Single)
                and (one.name, one.ordinal) == (other.name, other.ordinal)
            ):
                doc = Conditional(one.doc, test, other.doc)
                return [replace(one, doc=doc)]
        return [_If(test, then, otherwise)]

    def repeat(
        self, column: list[Repeat], scope: _Scope
    ) -> tuple[list[_Entry], _Scope]:
        if scope.loops and any(len(r.iterations) > 1 for r in column):
            used = set(self.used)
            try:
                return self.looped(column, scope)
            except _Mismatch:
                self.used = used
        return self.unrolled(column, scope)

    def looped(
        self, column: list[Repeat], scope: _Scope
    ) -> tuple[list[_Entry], _Scope]:
        first = column[0]
        if first.update is None:
            raise _Mismatch
        if any(r.update is None or not same(r.update, first.update) for r in column):
            raise _Mismatch
        bodies = [iteration for r in column for iteration in r.iterations]
        names = set(first.variables[0])
        values = dict(scope.values)
        entry = substitute(first.entry, scope.values)
        update = substitute(first.update, scope.values)
        stays = same(update, variable(first.channels)) or same(update, entry)
        if stays and all(same(r.entry, first.entry) for r in column):
            values[first.channels] = entry
        else:
            names.add(first.channels)
        allowed = scope.allowed | names
        inside = replace(scope, allowed=allowed, values=values, extras=False)
        entries = self.entries(bodies, inside)
        after = replace(
            scope, values=values, allowed=scope.allowed | names & {first.channels}
        )
        return [
            _Loop(column, replace(scope, allowed=allowed, values=values), entries)
        ], after

    def unrolled(
        self, column: list[Repeat], scope: _Scope
    ) -> tuple[list[_Entry], _Scope]:
        first = column[0]
        if any(len(r.iterations) != len(first.iterations) for r in column):
            raise _Mismatch
        found: list[_Entry] = []
        for number in range(len(first.iterations)):
            inside = self.iteration_scope(column, number, scope)
            found += self.entries([r.iterations[number] for r in column], inside)
            scope = replace(scope, values=_after_iteration(first, inside, scope))
        return found, scope

    def iteration_scope(
        self, column: list[Repeat], number: int, scope: _Scope
    ) -> _Scope:
        """In an unrolled iteration the loop variables are literals."""
        first = column[0]
        values = dict(scope.values)
        if number == 0 and all(same(r.entry, first.entry) for r in column):
            values[first.channels] = substitute(first.entry, scope.values)
        rows = [r.variables[number] for r in column]
        for name, value in rows[0].items():
            if all(row[name] == value for row in rows) and not hasattr(value, "name"):
                values[name] = constant(value)
        return replace(scope, values=values)

    def settle_loops(self, entries: list[_Entry]) -> None:
        """Mark what the moving channels of loops read, before parameters are listed."""
        before = -1
        while before != len(self.used):
            before = len(self.used)
            for entry in _all_loops(entries):
                repeat = entry.repeats[0]
                self.loop_head(entry)
                if repeat.channels in self.used and repeat.update is not None:
                    self.same_code([r.entry for r in entry.repeats], entry.scope)
                    self.mark(substitute(repeat.update, entry.scope.values))

    # --- a graph of submodules ---

    def graph_body(self) -> tuple[str, list[str]]:
        """A class with a `forward` of its own."""
        scope = replace(self.scope, loops=False)
        forward = _Forward(self)
        result = forward.body(self.bodies, "x", "x", scope)
        singles = forward.singles
        lines = [
            f"        {e.name} = {e.code}"
            for e in forward.locals
            if e.name in self.used
        ]
        base, construction = _submodules(singles)
        lines += construction
        lines += ["", "    def forward(self, x: Tensor) -> Tensor:"]
        lines += _unpacking(base, forward.handles)
        lines += forward.lines
        lines.append(f"        return {result}")
        return base, lines

    # --- numbers ---

    def resolve(self, items: list[Traced], hint: str, scope: _Scope) -> str:
        """A number as code: an expression, a literal, or a parameter of its own."""
        values = [_plain(item.value) for item in items]
        alike = all(v == values[0] and type(v) is type(values[0]) for v in values)
        codes = [substitute(item.code, scope.values) for item in items]
        if alike and not any(variables(code) for code in codes):
            return literal(values[0])
        try:
            return self.same_code(codes, scope)
        except _Mismatch:
            if alike:
                return literal(values[0])
        if not scope.extras or len(values) != len(self.bodies):
            raise _Mismatch
        return self.extra(hint, values)

    def same_code(self, codes: list[ast.expr], scope: _Scope) -> str:
        """The expression that all instances share, if it can be written here."""
        written = [substitute(code, scope.values) for code in codes]
        if not all(same(code, written[0]) for code in written):
            raise _Mismatch
        if not variables(written[0]) <= scope.allowed:
            raise _Mismatch
        self.mark(written[0])
        return expression(written[0])

    def mark(self, code: ast.expr) -> None:
        self.used |= variables(code)

    def extra(self, hint: str, values: list[Any]) -> str:
        taken = {python_name(name) for name in self.scope.allowed}
        number, name = 1, hint
        while name in taken or self.extras.get(name, values) != values:
            number += 1
            name = f"{hint}_{number}"
        self.extras[name] = values
        return name


class _Forward:
    """The statements of a `forward`, and the submodules it calls."""

    def __init__(self, owner: _ClassWriter) -> None:
        self.owner = owner
        self.singles: list[_Single] = []
        self.locals: list[_Local] = []
        self.handles: list[str] = []  # how `forward` names each submodule
        self.lines: list[str] = []
        self.labels: dict[str, str] = {}
        self.sums: set[str] = set()  # expressions with an open sign
        self.taken = {"x", "self", "torch", "nn"}
        self.wanted = _referenced(owner.bodies)
        self.plan = Counter(_base_name(item) for item in _modules(owner.bodies[:1]))

    def body(self, bodies: Bodies, value: str, target: str, scope: _Scope) -> str:
        """The expression of a body's output, after the statements it needs."""
        for column in _columns(bodies):
            match column[0]:
                case Layer() | Module():
                    single = (
                        self.owner.layer(column, scope)
                        if isinstance(column[0], Layer)
                        else self.owner.module(column, scope)
                    )
                    value = self.called(single, column, value, target)
                case Choice():
                    value = self.choice(column, value, target, scope)
                case Merge():
                    value = self.merge(column, value, target, scope)
                case Repeat():
                    value, scope = self.repeat(column, value, target, scope)
                case Reference():
                    value = self.labels[column[0].label]
                case Let():
                    for local in self.owner.locals(column, scope):
                        assert isinstance(local, _Local)
                        self.locals.append(local)
                    names = frozenset(column[0].values)
                    scope = replace(scope, allowed=scope.allowed | names)
        return value

    def called(
        self, single: _Single, column: Sequence[Layer | Module], value: str, target: str
    ) -> str:
        handle = self.handle(single, column[0])
        self.singles.append(single)
        self.handles.append(handle)
        is_identity = all(
            isinstance(i, Layer) and i.node.op == "identity" for i in column
        )
        if is_identity and not isinstance(single.doc, Conditional):
            self.handles[-1] = "_" if not handle.startswith("self.") else handle
            result = value
        else:
            result = f"{handle}({value})"
        if len(result) > 56:  # long calls go on lines of their own
            result = self.assign(target, result)
        label = column[0].name.value
        if label in self.wanted:
            result = self.labels[label] = self.assign(self.fresh(label), result)
        return result

    def choice(
        self, column: list[Choice], value: str, target: str, scope: _Scope
    ) -> str:
        bodies = [c.body for c in column]
        if len({c.condition.value for c in column}) == 1:
            return self.body(bodies, value, target, scope)
        entries = self.owner.choice(column, scope)
        if len(entries) != 1 or not isinstance(entries[0], _Single):
            raise _Mismatch
        items = [i for body in bodies for i in body if isinstance(i, Layer | Module)]
        real = [
            i for i in items if not (isinstance(i, Layer) and i.node.op == "identity")
        ]
        return self.called(entries[0], real or items, value, target)

    def repeat(
        self, column: list[Repeat], value: str, target: str, scope: _Scope
    ) -> tuple[str, _Scope]:
        first = column[0]
        if any(len(r.iterations) != len(first.iterations) for r in column):
            raise _Mismatch
        for number in range(len(first.iterations)):
            inside = self.owner.iteration_scope(column, number, scope)
            value = self.body(
                [r.iterations[number] for r in column], value, target, inside
            )
            scope = replace(scope, values=_after_iteration(first, inside, scope))
        return value, scope

    def merge(self, column: list[Merge], value: str, target: str, scope: _Scope) -> str:
        first = column[0]
        if not value.isidentifier():
            value = self.assign(target, value)
        stem = target if target != "x" else ""
        axis = 2 if len(first.node.output.shape or ()) == 2 else 1
        inputs = [value] * len(first.branches)
        if first.split:
            inputs = [self.fresh(f"{stem}chunk{n + 1}") for n in range(len(inputs))]
            chunks = f"{value}.chunk({len(inputs)}, dim={axis})"
            self.lines.append(f"        {', '.join(inputs)} = {chunks}")
        results: list[str] = []
        for number, entry in enumerate(inputs):
            start = len(self.lines)
            name = f"{stem}_branch{number + 1}" if stem else f"branch{number + 1}"
            result = self.body([m.branches[number] for m in column], entry, name, scope)
            wrote = len(self.lines) > start
            is_long = len(result) > 40
            if not result.isidentifier() and (wrote or is_long or result in self.sums):
                result = self.assign(name, result)
            results.append(result)
        return self.joined(first.node.op, results, axis, target)

    def joined(self, op: str, results: list[str], axis: int, target: str) -> str:
        if op == "concat":
            doc: Doc = Call(
                "torch.cat(", (Call("[", tuple(results), "]"), f"dim={axis}")
            )
            lines = layout(doc, 8, before=f"{target} = ")
            if len(lines) == 1 and len(flat(doc)) < 57:
                return flat(doc)
            self.lines += lines
            return target
        sign = " + " if op == "add" else " * "
        text = sign.join(results)
        if len(text) + len(target) > 77:
            results = [self.assign(f"{target}_{n}", r) if not r.isidentifier() else r
                       for n, r in enumerate(results, 1)]  # fmt: skip
        self.sums.add(sign.join(results))
        return sign.join(results)

    def assign(self, name: str, value: str) -> str:
        if name != value:
            self.lines.append(f"        {name} = {value}")
        return name

    def handle(self, single: _Single, item: Layer | Module) -> str:
        """How `forward` names a submodule: `self.conv1`, or a name unpacked."""
        if not any(i.name.value.isdigit() for i in _modules(self.owner.bodies)):
            return f"self.{single.ordinal}"
        return self.fresh(_base_name(item), numbered=self.plan[_base_name(item)] > 1)

    def fresh(self, name: str, *, numbered: bool = False) -> str:
        number, fresh = 1, f"{name}1" if numbered else python_name(name)
        while fresh in self.taken:
            number += 1
            fresh = f"{name}{number}"
        self.taken.add(fresh)
        return fresh


# --- helpers -------------------------------------------------------------------------


def _is_chain(bodies: Bodies) -> bool:
    """Whether every item reads the one before, so that it is a sequence."""
    for body in bodies:
        for item in body:
            match item:
                case Merge() | Reference():
                    return False
                case Choice():
                    if not _is_chain([item.body]):
                        return False
                case Repeat():
                    if not _is_chain(item.iterations):
                        return False
    return True


def _columns(bodies: Bodies) -> Iterable[list[Any]]:
    """The items at each place in all bodies, which must be of one kind."""
    if len({len(body) for body in bodies}) > 1:
        raise _Mismatch
    for column in zip(*bodies, strict=True):
        if len({type(item) for item in column}) > 1:
            raise _Mismatch
        names = {_label(item) for item in column}
        if len(names) > 1:
            raise _Mismatch
        yield list(column)


def _label(item: Item) -> Any:
    """What must agree between instances: labels, branches, references."""
    match item:
        case Layer() | Module():
            name = item.name
            if name.value.isdigit():
                return type(item)
            return ast.dump(name.code)
        case Merge():
            return (item.node.op, item.split, len(item.branches))
        case Reference():
            return item.label
        case Let():
            return tuple(item.values)
    return None


def _referenced(bodies: Bodies) -> set[str]:
    return {
        i.label for body in bodies for i in _level(body) if isinstance(i, Reference)
    }


def _level(body: tuple[Item, ...]) -> Iterable[Item]:
    """The items of one class: not those inside its submodules."""
    for item in body:
        yield item
        match item:
            case Merge():
                for branch in item.branches:
                    yield from _level(branch)
            case Choice():
                yield from _level(item.body)
            case Repeat():
                for iteration in item.iterations:
                    yield from _level(iteration)


def _modules(bodies: Bodies) -> list[Layer | Module]:
    """The submodules of one class."""
    items = (item for body in bodies for item in _level(body))
    return [item for item in items if isinstance(item, Layer | Module)]


def _base_name(item: Layer | Module) -> str:
    """What `forward` calls a submodule: its label, or its op or block."""
    if not item.name.value.isdigit():
        return str(item.name.value)
    return item.node.op if isinstance(item, Layer) else item.block


def _submodules(singles: list[_Single]) -> tuple[str, list[str]]:
    """The base class and the constructor of a class with a `forward`."""
    numbered = [single.ordinal.isdigit() for single in singles]
    docs = [_commented(single) for single in singles]
    if singles and all(numbered):
        items = Call("[", tuple(docs), "]")
        return "nn.ModuleList", layout(Call("super().__init__(", (items,)), 8)
    if any(numbered):
        pairs = tuple(Labelled(f"{literal(s.ordinal)}: ", s.doc) for s in singles)
        items = Call("{", pairs, "}")
        return "nn.ModuleDict", layout(Call("super().__init__(", (items,)), 8)
    lines = ["        super().__init__()"]
    for single in singles:
        lines += _addition(single, 8)
    return "nn.Module", lines


def _unpacking(base: str, handles: list[str]) -> list[str]:
    if base == "nn.Module":
        return []
    whole = "self" if base == "nn.ModuleList" else "self.values()"
    if len(handles) == 1:
        return [f"        ({handles[0]},) = {whole}"]
    line = f"        {', '.join(handles)} = {whole}"
    if len(line) <= 88:
        return [line]
    return [
        "        (",
        *(f"            {name}," for name in handles),
        f"        ) = {whole}",
    ]


def _addition(single: _Single, indent: int) -> list[str]:
    doc = _commented(single)
    if not single.name:
        return layout(Call("self.append(", (single.doc,)), indent)
    if single.name.startswith("f"):
        if single.name.startswith('f"'):
            return layout(Call("self.add_module(", (single.name, single.doc)), indent)
    return layout(doc, indent, before=f"self.{single.ordinal} = ")


def _commented(single: _Single) -> Doc:
    return Commented(single.doc, single.comment) if single.comment else single.doc


def _is_numbered(entry: _Entry) -> bool:
    return isinstance(entry, _Single) and not entry.name


def _all_loops(entries: Iterable[_Entry]) -> Iterable[_Loop]:
    for entry in entries:
        match entry:
            case _Loop():
                yield entry
                yield from _all_loops(entry.entries)
            case _If():
                yield from _all_loops([*entry.then, *entry.otherwise])


def _after_iteration(
    repeat: Repeat, inside: _Scope, scope: _Scope
) -> dict[str, ast.expr]:
    """The channels that leave an unrolled iteration enter the next one."""
    values = dict(scope.values)
    if repeat.update is None:
        values.pop(repeat.channels, None)
    else:
        values[repeat.channels] = substitute(repeat.update, inside.values)
    return values


def _is_literal_tuple(code: ast.expr) -> bool:
    return isinstance(code, ast.Tuple) and not variables(code)


def _has_default(op: Any, name: str) -> bool:
    return any(
        p.name == name and not isinstance(p.default, type) for p in op.parameters
    )


def _plain(value: Any) -> Any:
    return (
        int(value) if isinstance(value, int) and not isinstance(value, bool) else value
    )


def _annotation(values: list[Any]) -> str:
    kinds = {_type_of(value) for value in values}
    if kinds == {"int", "float"}:
        return "float"
    return " | ".join(sorted(kinds))


def _type_of(value: Any) -> str:
    if isinstance(value, tuple):
        inner = {_type_of(item) for item in value}
        return f"tuple[{' | '.join(sorted(inner))}, ...]" if inner else "tuple[()]"
    return type(value).__name__ if isinstance(value, bool | float | str) else "int"


def _group_order(name: str) -> tuple[bool, str]:
    return (name != "cin", name)
