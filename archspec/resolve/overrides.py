"""What a caller overrides: `--set name=value`, `--input`, and keys of `train:`."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from archspec.diagnostics.diagnostic import Findings
from archspec.diagnostics.source import Source, Span
from archspec.frontend.ast import Binding, Chain, Expression, Literal, Name, Tuple
from archspec.frontend.call_parser import parse_chain
from archspec.frontend.schema.json_schema import SIZE
from archspec.frontend.value_parser import ValueParser
from archspec.frontend.yaml.reader import read_yaml
from archspec.frontend.yaml.tree import Scalar
from archspec.ir.graph import Value
from archspec.ir.shape import Shape

INPUT = re.compile(f"({SIZE})x({SIZE})x({SIZE})")


def parse_input(text: str, findings: Findings) -> Value | None:
    """The shape in `3x224x224`, the value of `--input`."""
    span = Source("--input", text, is_option=True).span(0, len(text))
    match = INPUT.fullmatch(text)
    if match:
        return Value(Shape.of_input(map(int, match.groups())), span=span)
    findings.error(
        "invalid-type",
        f"expected channels x height x width, found `{text}`",
        span,
        help="write it as `--input 3x224x224`",
    )
    return None


def parse_overrides(texts: Sequence[str], findings: Findings) -> Iterator[Binding]:
    """The names and values in `classes=100`, the value of `--set`."""
    for text in texts:
        source = Source("--set", text, is_option=True)
        name, sign, _ = text.partition("=")
        span = source.span(0, len(name))
        if not sign or not name.isidentifier():
            findings.error(
                "invalid-syntax",
                f"expected `name=value`, found `{text}`",
                span,
                help="write it as `--set classes=100`",
            )
            continue
        value = source.span(len(name) + 1, len(text))
        if not value.text.strip():
            message = f"expected a value for `{name}`, found nothing"
            findings.error("invalid-syntax", message, span)
            continue
        tree = read_yaml(source, findings, start=value.start)
        parser = ValueParser(findings, set())
        yield Name(span, name), parser.value(tree) if tree else None


def parse_train(
    texts: Mapping[str, str], findings: Findings
) -> Iterator[tuple[str, tuple[Name, Chain]]]:
    """Keys of the `train:` section with their calls, as given by `--optimizer`."""
    for key, text in texts.items():
        source = Source(f"--{key}", text, is_option=True)
        span = source.span(0, len(text))
        tree = read_yaml(source, findings) if text.strip() else None
        recipes = None
        if isinstance(tree, Scalar):
            recipes = ValueParser(findings, set()).try_parse(parse_chain, tree)
        if recipes:
            yield key, (Name(span, key), recipes)
        elif not findings.has_errors:
            found = f"`{text}`" if text.strip() else "nothing"
            findings.error("invalid-syntax", f"expected a call, found {found}", span)


def python_overrides(
    params: Mapping[str, object], findings: Findings
) -> Iterator[Binding]:
    """Python values as overrides; the span of each is a made-up `--set`."""
    for name, value in params.items():
        source = Source("--set", f"{name}={value!r}", is_option=True)
        span = source.span(0, len(name))
        try:
            yield (
                Name(span, name),
                _literal(value, source.span(len(name) + 1, len(source.text))),
            )
        except TypeError as error:
            findings.error("invalid-parameter-type", str(error), span)


def _literal(value: object, span: Span) -> Expression:
    if isinstance(value, list | tuple):
        return Tuple(span, tuple(_literal(item, span) for item in value))
    if isinstance(value, str) and value.isidentifier():
        return Name(span, value)
    if isinstance(value, int | float | str):
        return Literal(span, value)
    raise TypeError(f"a spec has no values of the type `{type(value).__name__}`")
