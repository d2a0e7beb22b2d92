"""Warn about names that a document gives and that nothing in it reads.

Only where nothing is wrong: a typo leaves a name unread too, and is one mistake.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from archspec.diagnostics.diagnostic import Findings, Severity
from archspec.diagnostics.source import Span
from archspec.frontend.ast import (
    BlockDefinition,
    Call,
    Chain,
    Document,
    Expression,
    Group,
    If,
    Labelled,
    Let,
    Name,
    RepeatFor,
    RepeatTimes,
    Step,
    StepLabel,
    walk,
)
from archspec.lowering.scope import Environment
from archspec.lowering.steps import parts


def report_unused(
    document: Document, environment: Environment, findings: Findings
) -> None:
    """Warn of parameters, names, labels, blocks and imports that have no use."""
    reader = _Reader()
    reader.document(document)
    for code, message, span in [
        *_names(reader),
        *_blocks(document, environment, reader),
        *_imports(document, environment, reader),
    ]:
        findings.error(code, message, span, severity=Severity.WARNING)


Unused = Iterator[tuple[str, str, Span]]  # code, message, place


def _names(reader: _Reader) -> Unused:
    for given in reader.given:
        if given.is_read or given.name.startswith("_"):
            continue
        if given.block in reader.values:  # its signature is for who calls it
            continue
        yield given.code, f"nothing reads {given.noun} `{given.name}`", given.span


def _blocks(document: Document, environment: Environment, reader: _Reader) -> Unused:
    """The document's own blocks; those of a library are for others."""
    defaults = {n for _, e in document.params for n in _read_by(e)}
    may_be_set = defaults & environment.callees.keys()  # by `--set`, to any block
    if document.net is None or may_be_set:
        return
    for block in document.blocks:
        name = block.name.id
        if name not in reader.called:
            yield "unused-block", f"nothing calls the block `{name}`", block.name.span


def _imports(document: Document, environment: Environment, reader: _Reader) -> Unused:
    for text, span in document.imports:
        blocks = environment.imports.get(text, {})
        if not any(
            name in reader.called and environment.callees[name] is block
            for name, block in blocks.items()
        ):
            yield "unused-import", f"nothing here calls a block of `{text}`", span


def _read_by(expression: Expression | None) -> list[str]:
    parts = walk(expression) if expression else ()
    return [part.id for part in parts if isinstance(part, Name)]


@dataclass(eq=False, slots=True)
class _Given:
    """A name that a document gives."""

    name: str
    span: Span
    code: str
    noun: str
    block: str = ""  # of which it is a parameter
    is_read: bool = False


@dataclass
class _Reader:
    """Follows every name to where it was given."""

    given: list[_Given] = field(default_factory=list)
    scopes: list[dict[str, _Given | None]] = field(default_factory=list)
    labels: dict[str, _Given] = field(default_factory=dict)  # of this body
    called: set[str] = field(default_factory=set)  # ops and blocks that are used
    values: set[str] = field(default_factory=set)  # those handed on as a value

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
        """Steps with labels of their own."""
        outer, self.labels = self.labels, {}
        self.step(step)
        self.labels = outer

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
            case Labelled():
                self.labelled(step)
            case Let():
                for name, expression in step.bindings:
                    self.read(expression)
                    self.give(name, "unused-name", "the name")
            case RepeatTimes():
                self.read(step.times)
                with self.scope("i"):
                    self.step(step.body)
            case RepeatFor():
                self.repeat(step)
            case _:
                if isinstance(step, If):
                    self.read(step.condition)
                for part in parts(step):
                    with self.scope():
                        self.step(part)

    def repeat(self, step: RepeatFor) -> None:
        for column in step.columns:
            self.read(column.values)
        with self.scope("i"):
            for column in step.columns:
                self.give(column.name, "unused-name", "the column")
            self.step(step.body)

    def labelled(self, step: Labelled) -> None:
        self.label(step.label)
        with self.scope():
            if isinstance(step.step, Chain) and len(step.step.calls) == 1:
                self.step(step.step)
            else:
                self.body(step.step)

    def label(self, label: StepLabel) -> None:
        for part in label.parts:
            if not isinstance(part, str):
                self.read(part)

    def mark(self, step: Step) -> None:
        """A label on `identity` names no layer: it is there for a `ref`."""
        if not isinstance(step, Labelled) or not isinstance(step.step, Chain):
            return
        calls = [call.name.id for call in step.step.calls]
        text = step.label.span.text
        if calls == ["identity"] and step.label.parts == (text,):
            mark = _Given(text, step.label.span, "unused-label", "the label")
            self.given.append(mark)
            self.labels[text] = mark

    # --- names ---

    @contextmanager
    def scope(self, *names: str) -> Iterator[None]:
        self.scopes.append(dict.fromkeys(names))
        yield
        self.scopes.pop()

    def give(self, name: Name, code: str, noun: str, block: str = "") -> None:
        given = _Given(name.id, name.span, code, noun, block)
        self.given.append(given)
        self.scopes[-1][name.id] = given

    def call(self, call: Call) -> None:
        if call.name.id != "ref":
            self.use(call.name.id)
            self.arguments(call)
        else:
            for argument in call.arguments:
                for name in _read_by(argument.value):
                    if name in self.labels:
                        self.labels[name].is_read = True
        if call.assertion:
            for size in call.assertion.dims:
                self.read(size)

    def arguments(self, call: Call) -> None:
        for argument in call.arguments:
            self.read(argument.value)

    def read(self, expression: Expression | None) -> None:
        for name in _read_by(expression):
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
