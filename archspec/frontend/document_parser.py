"""Read a spec's tree into a document: the bridge from YAML to the call language."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import PurePath
from typing import TypeVar

from archspec.diagnostics.diagnostic import Findings, Label, TooMany
from archspec.diagnostics.source import Source, Span
from archspec.diagnostics.suggest import closest
from archspec.frontend.ast import (
    Argument,
    Aux,
    Binding,
    BlockDefinition,
    Broken,
    Call,
    Chain,
    Column,
    Document,
    Expression,
    Group,
    If,
    Labeled,
    Let,
    Literal,
    Merge,
    Name,
    RepeatFor,
    RepeatTimes,
    Step,
    StepLabel,
    Tuple,
)
from archspec.frontend.call_parser import (
    parse_chain,
    parse_expression,
    parse_label,
    parse_rows,
    parse_signature,
)
from archspec.frontend.comments import comment_above
from archspec.frontend.schema.json_schema import MERGES, STEP_KEYWORDS
from archspec.frontend.schema.report import (
    is_misspelt_aux,
    report_misspelt_aux,
    report_violations,
)
from archspec.frontend.tokens import SyntaxFault
from archspec.frontend.yaml.reader import read_yaml
from archspec.frontend.yaml.scalars import FLOAT
from archspec.frontend.yaml.split_calls import find_split_calls
from archspec.frontend.yaml.tree import Mapping, Scalar, Sequence, Tree

OTHER_MERGES = {
    "cat": "concat",
    "concatenate": "concat",
    "multiply": "mul",
    "sum": "add",
}
AROUND_AUX = {  # where it cannot stand, and the way out
    "a block": "end the block here: in `net`, `aux` stands behind its call",
    "a branch": "put it behind the branches, or before them",
    "a head": "a head has no heads of its own: write both under one `aux`",
    "a labelled group": "leave out the label of the group, or end the group here",
    "a repeat": "let the repeat end here, and go on with another one behind `aux`",
}

T = TypeVar("T")


def parse_document(
    source: Source, findings: Findings, *, check_schema: bool = True
) -> Document | None:
    """The document in a source; None if it is not even a mapping.

    Parts that cannot be read are findings, and are left out or `Broken`.
    """
    tree = read_yaml(source, findings)
    if tree is None:
        return None
    broken = find_split_calls(tree, findings)
    structure = Findings()
    if check_schema:
        with suppress(TooMany):
            broken |= report_violations(tree, structure)
    for diagnostic in structure:
        if not any(
            _overlaps(diagnostic.primary.span, d.primary.span) for d in findings
        ):
            findings.add(diagnostic)
    if not isinstance(tree, Mapping):
        return None
    return _DocumentReader(source, findings, broken).document(tree)


def parse_value(scalar: Tree, findings: Findings) -> Expression | None:
    """A value as it stands in `params`, or in `--set`."""
    return _DocumentReader(scalar.span.source, findings, set()).value(scalar)


def parse_recipes(scalar: Tree, findings: Findings) -> Chain | None:
    """Calls as they stand in `train`, or in a flag."""
    reader = _DocumentReader(scalar.span.source, findings, set())
    return reader.parsed(parse_chain, scalar) if isinstance(scalar, Scalar) else None


def _overlaps(span: Span, other: Span) -> bool:
    """Whether a finding about the text already covers a place."""
    return span.source is other.source and other.start <= span.start <= other.end


class _DocumentReader:
    def __init__(self, source: Source, findings: Findings, broken: set[int]) -> None:
        self.source = source
        self.findings = findings
        self.broken = broken
        self.complete = True
        self.around = ""  # what a step stands in, where that is not `net` itself

    def document(self, tree: Mapping) -> Document:
        net = self.whole(tree, "net")
        parts = [tree.get(key) for key in ("params", "import", "blocks")]
        self.complete = not any(id(part) in self.broken for part in parts)
        return Document(
            source=self.source,
            name=self.text(tree, "name") or _name_of(self.source),
            about=self.text(tree, "about"),
            input=self.input(tree),
            input_span=(tree.get("input") or tree).span,
            params=tuple(self.bindings(self.whole(tree, "params"))),
            variants=self.variants(self.whole(tree, "variants")),
            imports=tuple(self.imports(self.whole(tree, "import"))),
            blocks=tuple(self.blocks(self.whole(tree, "blocks"))),
            net=self.group(net) if net else None,
            train=dict(self.train(self.whole(tree, "train"))),
            complete=self.complete,
        )

    # --- parts of the document ---

    def whole(self, tree: Mapping, key: str) -> Tree | None:
        """The value of a key, unless the schema has found fault with it."""
        value = tree.get(key)
        return None if id(value) in self.broken else value

    def text(self, tree: Mapping, key: str) -> str:
        value = self.whole(tree, key)
        return value.text.strip() if isinstance(value, Scalar) else ""

    def input(self, tree: Mapping) -> tuple[int, ...] | None:
        text = self.text(tree, "input")
        return tuple(int(size) for size in text.split("x")) if text else None

    def bindings(self, tree: Tree | None) -> Iterator[Binding]:
        """Names and values, of `params`, a variant or `let`; None: it has a fault."""
        for key, value in _pairs(tree):
            if id(key) not in self.broken:
                yield Name(key.span, key.text), self.value(value)

    def variants(self, tree: Tree | None) -> dict[str, tuple[Binding, ...]]:
        return {key.text: tuple(self.bindings(value)) for key, value in _pairs(tree)}

    def imports(self, tree: Tree | None) -> Iterator[tuple[str, Span]]:
        items = tree.items if isinstance(tree, Sequence) else (tree,)
        for item in items:
            if isinstance(item, Scalar) and id(item) not in self.broken:
                yield item.text, item.span

    def blocks(self, tree: Tree | None) -> Iterator[BlockDefinition]:
        seen: dict[str, Span] = {}
        for key, body in _pairs(tree):
            is_broken = id(key) in self.broken
            parsed = None if is_broken else self.parsed(parse_signature, key)
            if parsed is None:
                self.complete = False
                continue
            name, parameters = parsed
            names = [n for parameter in parameters for n in parameter.names]
            first: dict[str, Name] = {}
            for one in names:
                if first.setdefault(one.id, one) is not one:
                    self.duplicate(one, "parameter", first[one.id].span)
            if name.id in seen:
                self.duplicate(name, "block", seen[name.id])
                continue
            seen[name.id] = name.span
            about = comment_above(key.span)
            with self.within("a block"):
                step = self.step(body)
            yield BlockDefinition(name, parameters, key.span, step, about)

    def duplicate(self, name: Name, what: str, first: Span) -> None:
        self.findings.error(
            "duplicate-name",
            f"there are two {what}s `{name.id}`",
            name.span,
            related=[Label(first, "the first")],
            help="rename one of them",
        )

    def train(
        self, tree: Tree | None
    ) -> Iterator[tuple[str, tuple[Name, Chain | Expression]]]:
        for key, value in _pairs(tree):
            if id(value) in self.broken or not isinstance(value, Scalar):
                continue
            setting: Chain | Expression | None
            if isinstance(value.value, str):
                setting = self.parsed(parse_chain, value)
            else:
                setting = self.value(value)
            if setting is not None:
                yield key.text, (Name(key.span, key.text), setting)

    # --- steps ---

    @contextmanager
    def within(self, what: str) -> Iterator[None]:
        """Steps that do not stand in `net` itself."""
        before, self.around = self.around, what
        yield
        self.around = before

    def step(self, tree: Tree) -> Step:
        if id(tree) in self.broken:
            return Broken(tree.span)
        match tree:
            case Scalar():
                return self.parsed(parse_chain, tree) or Broken(tree.span)
            case Sequence():
                return self.group(tree)
            case Mapping():
                return self.mapping(tree)

    def group(self, tree: Tree) -> Group:
        items = tree.items if isinstance(tree, Sequence) else ()
        return Group(tree.span, tuple(self.step(item) for item in items))

    def mapping(self, tree: Mapping) -> Step:
        key, value = tree.pairs[0]
        if id(key) in self.broken:
            return Broken(tree.span)
        if tree.get("repeat"):
            return self.repeat(tree)
        if tree.get("if"):
            return self.conditional(tree)
        kind = self.merge(key, value)
        if kind:
            if id(value) in self.broken or not isinstance(value, Sequence):
                return Broken(tree.span)
            with self.within("a branch"):
                branches = tuple(self.step(branch) for branch in value.items)
            return Merge(key.span, kind, branches)
        if key.text == "let":
            return Let(key.span, tuple(self.bindings(value)))
        if key.text == "aux":
            return self.aux(key, value)
        if key.text in STEP_KEYWORDS:  # `times` and the like without their head
            return Broken(tree.span)
        if self.is_misspelt_aux(key, value):
            return Broken(tree.span)
        labeled = self.labeled(tree.span, key, value, "a labelled group")
        return labeled or Broken(tree.span)

    def labeled(
        self, span: Span, key: Scalar, value: Tree, what: str
    ) -> Labeled | None:
        label = self.parsed(parse_label, key)
        with self.within(what):
            step = self.step(value)
        return Labeled(span, label, step) if label else None

    def aux(self, key: Scalar, value: Tree) -> Step:
        """Heads; elsewhere than in `net`, none, so that the steps around it go on."""
        if id(value) in self.broken:
            return Group(key.span, ())
        if self.around:
            self.findings.error(
                "misplaced-aux",
                f"`aux` is a step of `net` itself, found in {self.around}",
                key.span,
                help=AROUND_AUX[self.around],
            )
            return Group(key.span, ())
        heads = [
            self.labeled(name.span.to(step.span), name, step, "a head")
            for name, step in _pairs(value)
            if id(name) not in self.broken
        ]
        return Aux(key.span, tuple(head for head in heads if head))

    def is_misspelt_aux(self, key: Scalar, value: Tree) -> bool:
        """Whether a label of labels was meant to be `aux`."""
        inner = {name.text for name, _ in _pairs(value)}
        is_labels = bool(inner) and not inner & STEP_KEYWORDS
        if not is_labels or id(value) in self.broken or not is_misspelt_aux(key.text):
            return False
        report_misspelt_aux(key, self.findings)
        return True

    def merge(self, key: Scalar, value: Tree) -> str | None:
        """The join that a key stands for, if it does; a misspelt one is no label."""
        kinds = (*MERGES, "split")
        if key.text in kinds or not isinstance(value, Sequence):
            return key.text if key.text in kinds else None
        is_word = key.text.isalpha()  # `add1` is a label
        meant = closest(key.text, kinds, cutoff=0.8) if is_word else None
        meant = OTHER_MERGES.get(key.text, meant)
        if meant:
            self.findings.error(
                "invalid-label",
                f"`{key.text}` cannot be a label: it is read as a misspelt `{meant}`",
                key.span,
                help=f"did you mean `{meant}`?",
            )
        return meant

    def repeat(self, tree: Mapping) -> Step:
        body, times, columns = tree.get("repeat"), tree.get("times"), tree.get("for")
        key = tree.key("repeat")
        assert body
        assert key
        if not times and not columns:
            assert isinstance(body, Scalar)
            return self.rows(body)
        with self.within("a repeat"):
            step = self.step(body)
        if times:
            count = self.code(times)
            return (
                RepeatTimes(key.span, step, count)
                if count is not None
                else Broken(tree.span)
            )
        values = [
            Column(name, value)
            for name, value in self.bindings(columns)
            if value is not None
        ]
        if len(values) < len(_pairs(columns)) or not values:
            return Broken(tree.span)
        return RepeatFor(key.span, step, tuple(values))

    def rows(self, body: Scalar) -> Step:
        """A block with rows of arguments is the group of its calls."""
        parsed = self.parsed(parse_rows, body)
        if parsed is None:
            return Broken(body.span)
        name, rows = parsed
        return Group(body.span, tuple(_row_call(name, row) for row in rows))

    def conditional(self, tree: Mapping) -> Step:
        condition_, then_, else_ = tree.get("if"), tree.get("then"), tree.get("else")
        key = tree.key("if")
        assert condition_
        assert then_
        assert key
        condition = self.code(condition_)
        then = self.step(then_)
        if condition is None:
            return Broken(tree.span)
        otherwise = self.step(else_) if else_ else _identity(key.span, then)
        return If(key.span, condition, then, otherwise)

    # --- values ---

    def value(self, tree: Tree) -> Expression | None:
        """A value in YAML: a number, an expression as text, a quoted string, a list."""
        if id(tree) in self.broken or (isinstance(tree, Scalar) and tree.faulty):
            return None
        if isinstance(tree, Sequence):
            items = [self.value(item) for item in tree.items]
            whole = tuple(item for item in items if item is not None)
            return Tuple(tree.span, whole) if len(whole) == len(items) else None
        if not isinstance(tree, Scalar) or tree.value is None:
            self.findings.error("invalid-type", "expected a value", tree.span)
            return None
        if not isinstance(tree.value, str):
            return Literal(tree.span, tree.value)
        if not tree.style:
            return self.parsed(parse_expression, tree)
        if FLOAT.fullmatch(tree.text):
            self.findings.error(
                "ambiguous-scalar",
                f"`{tree.span.text}` is text, not a number",
                tree.span,
                help=f"write `{tree.text}` without quotes",
            )
            return None
        return Literal(tree.span, tree.text)

    def code(self, tree: Tree) -> Expression | None:
        """A value that cannot be a string: quotes are YAML's own here."""
        if isinstance(tree, Scalar) and isinstance(tree.value, str):
            return self.parsed(parse_expression, tree)
        return self.value(tree)

    def parsed(self, parse: Callable[[Scalar], T], scalar: Scalar) -> T | None:
        """What a parser makes of a text, or None and a finding."""
        if scalar.faulty:
            return None
        if not scalar.text.strip():
            self.findings.error(
                "invalid-syntax", "expected a value, found nothing", scalar.span
            )
            return None
        try:
            return parse(scalar)
        except SyntaxFault as fault:
            self.findings.error(fault.code, fault.message, fault.span, help=fault.help)
            return None


def _pairs(tree: Tree | None) -> tuple[tuple[Scalar, Tree], ...]:
    return tree.pairs if isinstance(tree, Mapping) else ()


def _name_of(source: Source) -> str:
    """A network's name after its file, where it has none of its own."""
    name = re.sub(r"[^A-Za-z0-9_-]", "_", PurePath(source.name).stem)
    return name if re.match(r"[A-Za-z]", name) else f"net_{name}"


def _row_call(name: Name, row: Expression) -> Chain:
    """The call of a block with one row of positional arguments."""
    values = row.items if isinstance(row, Tuple) else (row,)
    arguments = tuple(Argument(value.span, None, value) for value in values)
    return Chain(row.span, (Call(row.span, name, arguments),))


def _identity(span: Span, then: Step) -> Step:
    """The missing arm of an `if`; it keeps the label that the other arm has."""
    identity = Chain(span, (Call(span, Name(span, "identity"), ()),))
    if _is_beside(then):  # heads count as no step, nor does their absence
        return Group(span, ())
    while isinstance(then, Group) and len(then.steps) == 1:
        then = then.steps[0]
    if isinstance(then, Labeled):
        return Labeled(span, StepLabel(span, then.label.parts), identity)
    return identity


def _is_beside(step: Step) -> bool:
    """Whether a step is nothing but heads, and what comes in goes on."""
    match step:
        case Aux():
            return True
        case Group():
            return all(map(_is_beside, step.steps))
        case If():
            return _is_beside(step.then) and _is_beside(step.otherwise)
        case _:
            return False
