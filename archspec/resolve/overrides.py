"""What a caller overrides: `--set name=value`, `--input`, and keys of `train:`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from archspec.diagnostics.diagnostic import Findings
from archspec.diagnostics.source import Source, Span
from archspec.diagnostics.suggest import did_you_mean
from archspec.frontend.ast import (
    Binding,
    Chain,
    Expression,
    InputDefinition,
    Literal,
    Name,
    Tuple,
)
from archspec.frontend.call_parser import parse_chain
from archspec.frontend.document_parser import parse_sizes_of_shape
from archspec.frontend.schema.json_schema import EXPECTED_SHAPE
from archspec.frontend.value_parser import ValueParser
from archspec.frontend.yaml.reader import read_yaml
from archspec.frontend.yaml.tree import Scalar


def parse_inputs(texts: Sequence[str], findings: Findings) -> Iterator[InputDefinition]:
    """The shapes in `3x224x224` and `image=3x224x224`, values of `--input`.

    A shape without a name has an empty one.
    """
    for text in texts:
        source = Source("--input", text, is_argument=True)
        name, _, shape = text.rpartition("=")
        sizes = parse_sizes_of_shape(shape)
        if sizes is not None:
            yield InputDefinition(Name(source.span(0, len(text)), name), sizes)
            continue
        findings.error(
            "invalid-type",
            f"expected {EXPECTED_SHAPE}, found `{shape}`",
            source.span(len(text) - len(shape), len(text)),
            help="write it as `--input 3x224x224`",
        )


def override_inputs(
    own: Sequence[InputDefinition],
    given: Iterable[InputDefinition],
    findings: Findings,
) -> tuple[InputDefinition, ...]:
    """The inputs with the shapes that a caller gives them."""
    inputs = {item.name.id: item for item in own}
    for name, sizes in given if inputs else ():
        known = name.id or next(iter(inputs))
        if known not in inputs or (not name.id and len(inputs) > 1):
            _report_unknown_input(InputDefinition(name, sizes), inputs, findings)
            return tuple(own)
        before = inputs[known].sizes
        if (len(before), len(sizes)) == (3, 2) and name.span.source.is_argument:
            _report_signal(InputDefinition(name, sizes), before, findings)
            return tuple(own)
        inputs[known] = InputDefinition(Name(name.span, known), sizes)
    return tuple(inputs.values())


def _report_signal(
    given: InputDefinition, own: Sequence[int], findings: Findings
) -> None:
    """Report a height and a width alone, which would be channels and a length."""
    name, sizes = given
    written = "x".join(map(str, sizes))
    image = f"{own[0]}x{written}"
    findings.error(
        "invalid-type",
        f"expected channels x height x width, found `{written}`, channels x length",
        name.span,
        help=f"write `--input {name.id and f'{name.id}='}{image}`",
    )


def _report_unknown_input(
    given: InputDefinition, inputs: Iterable[str], findings: Findings
) -> None:
    """Report a shape for no input, or for none of several."""
    name, sizes = given
    shape = "x".join(map(str, sizes))
    form = "{}: {}"  # of a variant
    if name.span.source.is_argument:
        form = "--input {}={}"
    findings.error(
        "unknown-input",
        f"the network has no input `{name.id}`"
        if name.id
        else "the network has several inputs, and this shape names none",
        name.span,
        help=did_you_mean(name.id, inputs)
        or " or ".join(f"`{form.format(each, shape)}`" for each in inputs),
    )


def parse_overrides(texts: Sequence[str], findings: Findings) -> Iterator[Binding]:
    """The names and values in `classes=100`, the value of `--set`."""
    for text in texts:
        source = Source("--set", text, is_argument=True)
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
        sizes = parse_sizes_of_shape(value.text) or ()
        if name == "input" and len(sizes) > 1:  # a param `input` could be one number
            findings.error(
                "unknown-parameter",
                "the input is not a param",
                span,
                help=f"write `--input {value.text}`",
            )
            continue
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
        source = Source(f"--{key}", text, is_argument=True)
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
        source = Source("--set", f"{name}={value!r}", is_argument=True)
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
