"""Parse the text of a spec: YAML is read and checked, and then its sections parsed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import suppress
from pathlib import PurePath

from archspec.diagnostics.diagnostic import Findings, TooMany, write
from archspec.diagnostics.source import Source, Span
from archspec.frontend.ast import (
    Binding,
    BlockDefinition,
    Call,
    Chain,
    Document,
    Expression,
    InputDefinition,
    LabelPath,
    Name,
    Parameter,
)
from archspec.frontend.call_parser import parse_chain, parse_label_path, parse_signature
from archspec.frontend.comments import comment_of_block
from archspec.frontend.schema.json_schema import EXPECTED_SHAPE, SCHEMA, SHAPE
from archspec.frontend.schema.report import report_violations
from archspec.frontend.step_parser import StepParser, report_duplicate
from archspec.frontend.value_parser import ValueParser
from archspec.frontend.yaml.reader import read_yaml
from archspec.frontend.yaml.split_calls import find_split_calls
from archspec.frontend.yaml.tree import Mapping, Scalar, Sequence, Tree, pairs_of

DASHED = re.compile(r"[a-z]\w*(-\w+)+")  # `fashion-mnist`
DEFINING = ("params", "import", "blocks")  # names, or they are meant by another key
INPUT = "input"  # the key, and the name of an input without one


def parse_document(
    source: Source, findings: Findings, *, check_schema: bool = True
) -> Document | None:
    """Parse a spec; None if it is not even a mapping.

    A part with an error is reported. It is omitted from the document, or `Broken`.
    """
    tree = read_yaml(source, findings)
    if tree is None:
        return None
    broken = find_split_calls(tree, findings)
    violations = Findings()
    if check_schema:
        with suppress(TooMany):
            broken |= report_violations(tree, violations)
    for diagnostic in violations:
        if not _is_covered(diagnostic.primary.span, findings):
            findings.add(diagnostic)
    if not isinstance(tree, Mapping):
        return None
    return _DocumentParser(source, ValueParser(findings, broken)).document(tree)


def _is_covered(span: Span, findings: Findings) -> bool:
    """Whether a place is in the text that another finding is about."""
    others = [diagnostic.primary.span for diagnostic in findings]
    return any(
        span.source is other.source and other.start <= span.start <= other.end
        for other in others
    )


class _DocumentParser:
    """Parses the sections of a document."""

    def __init__(self, source: Source, values: ValueParser) -> None:
        self.source = source
        self.values = values
        self.steps = StepParser(values)
        self.findings = values.findings
        self.complete = True

    def document(self, tree: Mapping) -> Document:
        net, variants = self.valid(tree, "net"), self.valid(tree, "variants")
        others = {*SCHEMA["properties"]} - {*DEFINING}
        sections = [value for key, value in tree.pairs if key.text not in others]
        self.complete = not any(map(self.values.is_broken, sections))
        return Document(
            source=self.source,
            name=self.text(tree, "name") or _name_of(self.source),
            about=self.text(tree, "about"),
            inputs=tuple(self.inputs(self.valid(tree, "input"))),
            has_named_inputs=isinstance(tree.get("input"), Mapping),
            params=tuple(self.values.bindings(self.valid(tree, "params"))),
            variants=self.variants(variants),
            variant_spans={k.text: k.span.to(v.span) for k, v in pairs_of(variants)},
            variant_inputs={
                key.text: tuple(self.inputs(value.get("input")))
                for key, value in pairs_of(variants)
                if isinstance(value, Mapping)
            },
            imports=tuple(self.imports(self.valid(tree, "import"))),
            blocks=tuple(self.blocks(self.valid(tree, "blocks"))),
            net=self.steps.group(net) if net else None,
            outputs=tuple(self.outputs(self.valid(tree, "outputs"))),
            train=dict(self.train(self.valid(tree, "train"))),
            complete=self.complete,
        )

    def valid(self, tree: Mapping, key: str) -> Tree | None:
        """Return the value of a key, unless it violates the schema."""
        value = tree.get(key)
        return None if self.values.is_broken(value) else value

    def text(self, tree: Mapping, key: str) -> str:
        value = self.valid(tree, key)
        return value.text.strip() if isinstance(value, Scalar) else ""

    def inputs(self, tree: Tree | None) -> Iterator[InputDefinition]:
        """Parse `3x224x224`, or several with names: `{image: 3x32x32, noise: 100}`."""
        if isinstance(tree, Scalar):
            pairs = [(Name(tree.span, INPUT), tree)]
        else:
            pairs = [
                (Name(key.span, key.text), value)
                for key, value in pairs_of(tree)
                if isinstance(value, Scalar) and not self.values.is_broken(key)
            ]
        for name, value in pairs:
            if self.values.is_broken(value):
                continue
            sizes = parse_sizes_of_shape(value.text)
            if sizes:
                yield InputDefinition(name, sizes)
            else:  # such as `0x10`, an integer in YAML
                self.findings.error(
                    "invalid-type",
                    f"expected {EXPECTED_SHAPE}, found `{value.text}`",
                    value.span,
                    help=write(str(int(value.text, 0)))
                    if re.fullmatch("0x[0-9a-fA-F]+", value.text)
                    else "",
                )

    def outputs(self, tree: Tree | None) -> Iterator[Name | LabelPath]:
        """Parse `[p3, enc.d0]`."""
        seen: dict[str, Span] = {}
        for item in tree.items if isinstance(tree, Sequence) else ():
            if self.values.is_broken(item) or not isinstance(item, Scalar):
                continue
            name = Name(item.span, item.text)
            if name.id in seen:
                report_duplicate(
                    name, "output", seen[name.id], self.findings, help="omit one"
                )
                continue
            seen[name.id] = name.span
            path = self.values.try_parse(parse_label_path, item)
            if path is not None:
                yield path

    def variants(self, tree: Tree | None) -> dict[str, tuple[Binding, ...]]:
        return {
            key.text: tuple(self.values.bindings(_without_input(value)))
            for key, value in pairs_of(tree)
        }

    def imports(self, tree: Tree | None) -> Iterator[tuple[str, Span]]:
        """Yield the paths in `import: blocks.yaml`, or in a list of them."""
        items = tree.items if isinstance(tree, Sequence) else (tree,)
        for item in items:
            if isinstance(item, Scalar) and not self.values.is_broken(item):
                yield item.text, item.span

    def blocks(self, tree: Tree | None) -> Iterator[BlockDefinition]:
        """Parse each `unit(cout, *, s=1): ...`."""
        seen: dict[str, Span] = {}
        for key, body in pairs_of(tree):
            signature = None
            if not self.values.is_broken(key):
                signature = self.values.try_parse(parse_signature, key)
            if signature is None:
                self.complete = False
                continue
            name, parameters = signature
            self.check_names(parameters)
            if name.id in seen:
                report_duplicate(name, "block", seen[name.id], self.findings)
                continue
            seen[name.id] = name.span
            about = comment_of_block(key.span)
            with self.steps.within("a block"):
                step = self.steps.step(body)
            yield BlockDefinition(name, parameters, key.span, step, about)

    def check_names(self, parameters: tuple[Parameter, ...]) -> None:
        """Report parameters of the same name."""
        first: dict[str, Name] = {}
        for name in (name for parameter in parameters for name in parameter.names):
            if first.setdefault(name.id, name) is not name:
                span = first[name.id].span
                report_duplicate(name, "parameter", span, self.findings)

    def train(
        self, tree: Tree | None
    ) -> Iterator[tuple[str, tuple[Name, Chain | Expression]]]:
        """Parse each `optimizer: sgd(lr=0.1)` and `epochs: 10`."""
        for key, value in pairs_of(tree):
            if self.values.is_broken(value) or not isinstance(value, Scalar):
                continue
            setting: Chain | Expression | None
            if DASHED.fullmatch(value.text):  # a name that `resolve` does not know
                name = Name(value.span, value.text)
                setting = Chain(value.span, (Call(value.span, name, ()),))
            elif isinstance(value.value, str):
                setting = self.values.try_parse(parse_chain, value)
            else:
                setting = self.values.value(value)
            if setting is not None:
                yield key.text, (Name(key.span, key.text), setting)


def parse_sizes_of_shape(text: str) -> tuple[int, ...] | None:
    """The sizes in `3x224x224`; None if it is no shape."""
    if not re.fullmatch(SHAPE, text):
        return None
    return tuple(int(size) for size in text.split("x"))


def _without_input(tree: Tree) -> Tree:
    """A variant without its `input`, which is no param."""
    if not isinstance(tree, Mapping):
        return tree
    pairs = tuple(pair for pair in tree.pairs if pair[0].text != INPUT)
    return tree._replace(pairs=pairs)


def _name_of(source: Source) -> str:
    """Name a network after its file: `nets/my net.yaml` is `my_net`."""
    name = re.sub(r"[^A-Za-z0-9_-]", "_", PurePath(source.name).stem)
    return name if re.match(r"[A-Za-z]", name) else f"net_{name}"
