"""Where a document gives names, and where it reads them.

params: {classes: 10, width: 8}     # gives `classes` and `width`
net: [flatten | linear(classes)]    # reads `classes`; nothing reads `width`
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from archspec.diagnostics.source import Span
from archspec.frontend.ast import (
    BlockDefinition,
    Call,
    Chain,
    Document,
    Expression,
    FunctionCall,
    Group,
    If,
    Labeled,
    LabelPath,
    Let,
    Merge,
    Name,
    RepeatFor,
    RepeatTimes,
    Step,
    StepLabel,
    walk,
)
from archspec.frontend.step_traversal import children
from archspec.ops.registry import OPS
from archspec.resolve.operators_and_functions import FUNCTIONS


@dataclass(eq=False, slots=True)
class GivenName:
    """A name that a document gives."""

    name: str
    span: Span
    code: str  # of the finding if nothing reads it
    noun: str  # what the name is, as a message says it
    block: str = ""  # of which it is a parameter
    is_read: bool = False


@dataclass
class NameUses:
    """Every name that a document gives, and which of them something reads."""

    given: list[GivenName] = field(default_factory=list)
    scopes: list[dict[str, GivenName | None]] = field(default_factory=list)
    labels: dict[str, list[GivenName]] = field(default_factory=dict)  # of this block
    called: set[str] = field(default_factory=set)  # ops and blocks that are used
    values: set[str] = field(default_factory=set)  # those handed on as a value

    @classmethod
    def of(cls, document: Document) -> NameUses:
        """Follow every name of a document to where it was given."""
        uses = cls()
        uses.document(document)
        return uses

    def document(self, document: Document) -> None:
        with self.scope():
            for name, expression in document.params:
                self.read(expression)
                self.give(name, "unused-parameter", "the parameter")
            for bindings in document.variants.values():
                for _, expression in bindings:
                    self.read(expression)
            for _, setting in document.train.values():
                if isinstance(setting, Chain):
                    for call in setting.calls:
                        self.arguments(call)
            if document.net is not None:
                self.body(document.net)
                for path in document.outputs:
                    self.reference(path)
            for block in document.blocks:
                self.block(block)

    def block(self, block: BlockDefinition) -> None:
        with self.scope():
            for parameter in block.parameters:
                self.read(parameter.default)
                for name in parameter.names:
                    self.give(name, "unused-parameter", "the parameter", block.name.id)
            self.body(block.body)

    def body(self, step: Step) -> None:
        """The steps of `net` or of a block, with labels of their own."""
        self.labels = {}
        self.step(step)

    # --- steps ---

    def step(self, step: Step) -> None:
        match step:
            case Chain():
                for call in step.calls:
                    self.call(call)
            case Group():
                with self.scope():
                    for part in step.steps:
                        self.mark(part)
                        self.step(part)
            case Labeled():
                self.labeled(step)
            case Let():
                for name, expression in step.bindings:
                    self.read(expression)
                    self.give(name, "unused-name", "the name")
            case RepeatTimes():
                self.read(step.times)
                with self.scope(step.counter.id if step.counter else "i"):
                    self.step(step.body)
            case Merge():
                self.read(step.sizes)
                for branch in step.branches:
                    with self.scope():
                        self.step(branch)
            case RepeatFor():
                self.repeat(step)
            case _:
                if isinstance(step, If):
                    self.read(step.condition)
                for child in children(step):
                    with self.scope():
                        self.step(child)

    def repeat(self, step: RepeatFor) -> None:
        for column in step.columns:
            self.read(column.values)
        with self.scope(step.counter.id if step.counter else "i"):
            for column in step.columns:
                for name in column.names:
                    self.give(name, "unused-name", "the column")
            self.step(step.body)

    def labeled(self, step: Labeled) -> None:
        self.label(step.label)
        with self.scope():
            self.step(step.step)

    def label(self, label: StepLabel) -> None:
        for part in label.parts:
            if not isinstance(part, str):
                self.read(part)

    def mark(self, step: Step) -> None:
        """A label on `identity` names no layer: it is there for a `ref`."""
        if not isinstance(step, Labeled) or not isinstance(step.step, Chain):
            return
        calls = [call.name.id for call in step.step.calls]
        text = step.label.span.text
        if calls == ["identity"] and step.label.parts == (text,):
            mark = GivenName(text, step.label.span, "unused-label", "the label")
            self.given.append(mark)
            self.labels.setdefault(text, []).append(mark)

    # --- names ---

    @contextmanager
    def scope(self, *names: str) -> Iterator[None]:
        self.scopes.append(dict.fromkeys(names))
        yield
        self.scopes.pop()

    def give(self, name: Name, code: str, noun: str, block: str = "") -> None:
        given = GivenName(name.id, name.span, code, noun, block)
        self.given.append(given)
        self.scopes[-1][name.id] = given

    def call(self, call: Call) -> None:
        if call.name.id != "ref":
            self.use(call.name.id)
            self.arguments(call)
        else:
            for argument in call.arguments:
                self.reference(argument.value)
        if call.assertion:
            for size in call.assertion.dims:
                self.read(size)

    def reference(self, label: Expression) -> None:
        """A computed label may be any; what computes it is read."""
        names = [label.span.text.rpartition(".")[2]]
        if isinstance(label, LabelPath) and "{" in label.span.text:
            self.read(label)
            names = [*self.labels]
        for mark in (mark for name in names for mark in self.labels.get(name, ())):
            mark.is_read = True

    def arguments(self, call: Call) -> None:
        op = OPS.get(call.name.id)
        for argument in call.arguments:
            if op and op.reads_label:
                self.reference(argument.value)
            self.read(argument.value)

    def read(self, expression: Expression | None) -> None:
        for name in names_in(expression):
            if self.use(name):
                self.values.add(name)

    def use(self, name: str) -> bool:
        """Note that a name is used; whether it is an op's or a block's."""
        for scope in reversed(self.scopes):
            if name in scope:
                given = scope[name]
                if given is not None:
                    given.is_read = True
                return False
        self.called.add(name)
        return True


def names_in(expression: Expression | None) -> list[str]:
    """The names that an expression reads, those of ops and blocks included."""
    found = []
    for part in walk(expression) if expression else ():
        if isinstance(part, Name):
            found.append(part.id)
        elif isinstance(part, FunctionCall) and part.name.id not in FUNCTIONS:
            found.append(part.name.id)
    return found
