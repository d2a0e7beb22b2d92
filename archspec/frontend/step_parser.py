"""Parse the steps of a network or block: calls, lists, and mappings with a keyword."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from archspec.diagnostics.diagnostic import Findings, Label, Replacement
from archspec.diagnostics.source import Span
from archspec.diagnostics.suggest import closest
from archspec.frontend.ast import (
    Argument,
    Aux,
    Broken,
    Call,
    Chain,
    Column,
    Each,
    Expression,
    Group,
    If,
    Labeled,
    Let,
    Merge,
    Name,
    RepeatFor,
    RepeatTimes,
    Step,
    Tuple,
)
from archspec.frontend.call_parser import (
    parse_chain,
    parse_label,
    parse_pattern,
    parse_rows,
)
from archspec.frontend.missing_else import report_missing_else
from archspec.frontend.schema.json_schema import MERGES, STEP_KEYWORDS
from archspec.frontend.schema.report import is_misspelled_aux, report_misspelled_aux
from archspec.frontend.step_traversal import split_at_ref
from archspec.frontend.value_parser import ValueParser
from archspec.frontend.yaml.tree import Mapping, Scalar, Sequence, Tree, pairs_of

OTHER_MERGES = {
    "cat": "concat",
    "concatenate": "concat",
    "multiply": "mul",
    "sum": "add",
}
AUX_HINTS = {  # by what the misplaced `aux` is in
    "a block": "end the block here: in `net`, `aux` comes after its call",
    "a branch": "put it after the branches, or before them",
    "a head": "a head has no heads of its own: write both under one `aux`",
    "a labeled group": "omit the label of the group, or end the group here",
    "a repeat": "let the repeat end here, and start another one after `aux`",
}


class StepParser:
    """Parses steps. One that has an error is reported and becomes `Broken`."""

    def __init__(self, values: ValueParser) -> None:
        """Parse the values in steps with `values`."""
        self.values = values
        self.findings = values.findings
        self.enclosing = ""  # a key of `AUX_HINTS`; empty in `net` itself

    @contextmanager
    def within(self, enclosing: str) -> Iterator[None]:
        """Parse steps that are not steps of `net` itself."""
        before, self.enclosing = self.enclosing, enclosing
        yield
        self.enclosing = before

    def step(self, tree: Tree) -> Step:
        """Parse a step."""
        if self.values.is_broken(tree):
            return Broken(tree.span)
        match tree:
            case Scalar():
                chain = self.values.try_parse(parse_chain, tree)
                return chain or Broken(tree.span)
            case Sequence():
                return self.group(tree)
            case Mapping():
                return self.mapping(tree)

    def group(self, tree: Tree) -> Group:
        """Parse a list of steps."""
        items = tree.items if isinstance(tree, Sequence) else ()
        return Group(tree.span, tuple(self.step(item) for item in items))

    def mapping(self, tree: Mapping) -> Step:
        """Parse a step with a keyword or a label: `add: [...]`, `stem: conv(64, k=7)`."""
        key, value = tree.pairs[0]
        if self.values.is_broken(key):
            return Broken(tree.span)
        for body in (tree.get("repeat"), tree.get("collect"), tree.get("each")):
            if body:
                return self.repeat(tree, body)
        if tree.get("if"):
            return self.conditional(tree)
        kind = self.merge_kind(key, value)
        if kind:
            return self.merge(tree, kind)
        if key.text == "let":
            return Let(key.span, tuple(self.values.expressions(value)))
        if key.text == "aux":
            return self.aux(key, value)
        if key.text in STEP_KEYWORDS:  # `times` without `repeat`, for example
            return Broken(tree.span)
        if self.is_misspelled_aux(key, value):
            report_misspelled_aux(key, self.findings)
            return Broken(tree.span)
        labeled = self.labeled(tree.span, key, value, "a labeled group")
        return _moved_inwards(labeled) if labeled else Broken(tree.span)

    def labeled(
        self, span: Span, key: Scalar, value: Tree, enclosing: str
    ) -> Labeled | None:
        """Parse `stem: conv(64, k=7)`."""
        label = self.values.try_parse(parse_label, key)
        with self.within(enclosing):
            step = self.step(value)
        return Labeled(span, label, step) if label else None

    # --- heads ---

    def aux(self, key: Scalar, value: Tree) -> Step:
        """Parse the heads under `aux`.

        Outside `net` there are none. The empty group lets the steps around it be checked.
        """
        if self.values.is_broken(value):
            return Group(key.span, ())
        if self.enclosing:
            self.findings.error(
                "misplaced-aux",
                f"`aux` must be a step of `net`, found in {self.enclosing}",
                key.span,
                help=AUX_HINTS[self.enclosing],
            )
            return Group(key.span, ())
        heads = [
            self.labeled(name.span.to(step.span), name, step, "a head")
            for name, step in pairs_of(value)
            if not self.values.is_broken(name)
        ]
        found = [head for head in heads if head]
        if any(isinstance(head.step, If) for head in found):
            return Group(key.span, tuple(_head(key.span, head) for head in found))
        return Aux(key.span, tuple(found))

    def is_misspelled_aux(self, key: Scalar, value: Tree) -> bool:
        """Whether `auxx: {aux1: ..., aux2: ...}` was meant to be `aux`."""
        inner = {name.text for name, _ in pairs_of(value)}
        is_labels = bool(inner) and not inner & STEP_KEYWORDS
        is_readable = is_labels and not self.values.is_broken(value)
        return is_readable and is_misspelled_aux(key.text)

    # --- merges ---

    def merge(self, tree: Mapping, kind: str) -> Step:
        """Parse `concat: [...]`."""
        key, value = tree.pairs[0]
        if self.values.is_broken(value) or not isinstance(value, Sequence):
            return Broken(tree.span)
        with self.within("a branch"):
            branches = tuple(self.step(branch) for branch in value.items)
        for branch in value.items:
            report_missing_else(branch, kind, self.findings)
        sizes_ = tree.get("sizes")
        sizes = self.values.expression(sizes_) if sizes_ else None
        if sizes_ and sizes is None:
            return Broken(tree.span)
        return Merge(key.span, kind, branches, sizes)

    def merge_kind(self, key: Scalar, value: Tree) -> str | None:
        """Return the merge that a key names, also if it is misspelled: `conact`."""
        kinds = (*MERGES, "split")
        if key.text in kinds or not isinstance(value, Sequence):
            return key.text if key.text in kinds else None
        is_word = key.text.isalpha()  # `add1` is a label
        meant = closest(key.text, kinds, cutoff=0.8) if is_word else None
        meant = OTHER_MERGES.get(key.text, meant)
        if meant:
            self.findings.error(
                "invalid-label",
                f"`{key.text}` cannot be a label: it looks like a misspelled `{meant}`",
                key.span,
                help=Replacement(f"did you mean `{meant}`?", meant),
            )
        return meant

    # --- repeats and conditions ---

    def repeat(self, tree: Mapping, body: Tree) -> Step:
        """Parse `repeat`, `collect` or `each`, with `times`, with `for`, or with rows."""
        times, columns = tree.get("times"), tree.get("for")
        key = next(key for key, value in tree.pairs if value is body)
        keyword, index = key.text, self.index(tree.get("as"))
        if not times and not columns:
            if keyword != "repeat" or not isinstance(body, Scalar):
                return Broken(tree.span)
            return self.rows(body)
        with self.within("a branch" if keyword == "each" else "a repeat"):
            step = self.step(body)
        collects = keyword == "collect"
        repeat: RepeatTimes | RepeatFor
        if times:
            count = self.values.expression(times)
            if count is None:
                return Broken(tree.span)
            repeat = RepeatTimes(key.span, step, count, index, collects)
        else:
            found = [column for column in self.columns(columns) if column]
            if len(found) < len(pairs_of(columns)) or not found:
                return Broken(tree.span)
            repeat = RepeatFor(key.span, step, tuple(found), index, collects)
        return Each(key.span, repeat) if keyword == "each" else repeat

    def index(self, tree: Tree | None) -> Name | None:
        """Parse the name behind `as`."""
        return Name(tree.span, tree.text) if isinstance(tree, Scalar) else None

    def columns(self, tree: Tree | None) -> Iterator[Column | None]:
        """Parse `{c: [64, 128]}` and `{"(n, c)": rows}`; one with an error is None."""
        first: dict[str, Name] = {}
        for key, value in pairs_of(tree):
            if self.values.is_broken(key):
                continue
            name = Name(key.span, key.text)
            pattern: tuple[Name, ...] = (name,)
            if key.text.startswith("("):
                pattern = self.values.try_parse(parse_pattern, key) or ()
            rows = self.values.expression(value)
            if rows is None or not pattern:
                yield None
                continue
            for part in pattern:
                if first.setdefault(part.id, part) is not part:
                    report_duplicate(part, "column", first[part.id].span, self.findings)
            yield Column(name, rows, pattern if len(pattern) > 1 else ())

    def rows(self, body: Scalar) -> Step:
        """Parse `unit[(64, 1), (128, 2)]`, the group `[unit(64, 1), unit(128, 2)]`."""
        parsed = self.values.try_parse(parse_rows, body)
        if parsed is None:
            return Broken(body.span)
        name, rows = parsed
        return Group(body.span, tuple(_row_call(name, row) for row in rows))

    def conditional(self, tree: Mapping) -> Step:
        """Parse `if` with `then` and perhaps `else`."""
        condition_, then_, else_ = tree.get("if"), tree.get("then"), tree.get("else")
        key = tree.key("if")
        assert condition_
        assert then_
        assert key
        condition = self.values.expression(condition_)
        then = self.step(then_)
        if condition is None:
            return Broken(tree.span)
        otherwise = self.step(else_) if else_ else Group(key.span, ())
        return If(key.span, condition, then, otherwise)


def report_duplicate(
    name: Name,
    noun: str,
    first: Span,
    findings: Findings,
    *,
    help: str = "rename one of them",
) -> None:
    """Report a name that is given twice."""
    findings.error(
        "duplicate-name",
        f"duplicate {noun} `{name.id}`",
        name.span,
        related=[Label(first, "the first")],
        help=help,
    )


def _row_call(name: Name, row: Expression) -> Chain:
    """Return the call of a block with one row of positional arguments."""
    values = row.items if isinstance(row, Tuple) else (row,)
    arguments = tuple(Argument(value.span, None, value) for value in values)
    return Chain(row.span, (Call(row.span, name, arguments),))


def _moved_inwards(labeled: Labeled) -> Step:
    """Return a labeled step whose label is at the part that it names.

    A label before an `if` is that of the arm that is taken. A label before a chain that
    starts with `ref` is that of the rest of the chain.
    """
    span, label, step = labeled
    if isinstance(step, If):
        return _with_arms(step, lambda arm: _moved_inwards(Labeled(span, label, arm)))
    parts = split_at_ref(step)
    if parts is None:
        return labeled
    read, rest = parts
    return Group(span, (read, Labeled(span, label, rest)))


def _head(span: Span, head: Labeled) -> Step:
    """Return the step that makes one head; its arms, if it is an `if`, make it."""
    if not isinstance(head.step, If):
        return Aux(span, (head,))
    return _with_arms(head.step, lambda arm: _head(span, head._replace(step=arm)))


def _with_arms(step: If, change: Callable[[Step], Step]) -> If:
    """Return an `if` with other arms; a missing `else` stays nothing."""
    is_missing = isinstance(step.otherwise, Group) and not step.otherwise.steps
    otherwise = step.otherwise if is_missing else change(step.otherwise)
    return step._replace(then=change(step.then), otherwise=otherwise)
