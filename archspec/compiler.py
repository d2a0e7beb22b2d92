"""The road from a text to a checked network: read, parse, resolve names, lower."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.resources import files
from pathlib import Path

from archspec.catalog import find_spec
from archspec.diagnostics.diagnostic import Findings
from archspec.diagnostics.source import Source, Span
from archspec.frontend.ast import Document, Expression, Literal, Name, Tuple
from archspec.frontend.document import parse_document, parse_value
from archspec.frontend.files import read_source
from archspec.frontend.reader import read_yaml
from archspec.ir.graph import Graph, Item, Module, Shape, Value, walk
from archspec.lowering.lower import check_unused, lower_net
from archspec.lowering.params import Setting, resolve_params
from archspec.lowering.scope import Block, Callee, Environment, Scope
from archspec.lowering.train import resolve_train
from archspec.ops.registry import OPS
from archspec.spec import CheckResult, Spec

INPUT = re.compile(r"([1-9]\d{0,6})x([1-9]\d{0,6})x([1-9]\d{0,6})")


def check(
    spec: str | Path,
    *,
    variant: str | None = None,
    input: str | None = None,  # the language's word
    settings: Sequence[str] = (),
    params: Mapping[str, object] | None = None,
) -> CheckResult:
    """Check a spec: a path, or the name of a bundled spec or variant.

    `input` replaces the spec's own, as `3x224x224`; `settings` are `name=value` texts
    as of `--set`, and `params` the same as Python values. Never raises on a bad spec.
    """
    findings = Findings()
    entry = find_spec(str(spec), findings)
    if entry is None:
        return CheckResult(str(spec), tuple(findings), None)
    source = read_source(entry.path, entry.name, findings)
    if source is None:
        return CheckResult(str(spec), tuple(findings), None)
    return check_source(
        source,
        findings,
        folder=entry.path.parent,
        variant=variant or entry.variant,
        input=input,
        settings=settings,
        params=params,
    )


def check_source(
    source: Source,
    findings: Findings | None = None,
    *,
    folder: Path | None = None,
    variant: str | None = None,
    input: str | None = None,
    settings: Sequence[str] = (),
    params: Mapping[str, object] | None = None,
) -> CheckResult:
    """Check the text of a spec; imports are looked for in `folder`."""
    findings = findings or Findings()
    document = parse_document(source, findings)
    given = [*_parse_settings(settings, findings), *_as_settings(params or {})]
    shape = _parse_input(input, findings) if input else None
    spec = None
    if document is not None:
        spec = _check_document(document, folder, variant, given, shape, findings)
    if findings.has_errors:
        spec = None
    return CheckResult(source.name, tuple(findings), spec)


def load(
    spec: str | Path,
    *,
    variant: str | None = None,
    input: str | None = None,
    **params: object,
) -> Spec:
    """A checked spec.

    Raises:
        SpecError: if the spec has errors; its `str()` is the rendered report.
    """
    return check(spec, variant=variant, input=input, params=params).require()


def _check_document(
    document: Document,
    folder: Path | None,
    variant: str | None,
    settings: list[Setting],
    shape: Shape | None,
    findings: Findings,
) -> Spec | None:
    environment = _environment(document, folder, (), findings)
    resolve_params(document, environment, variant, settings, findings)
    body: tuple[Item, ...] = ()
    input_ = Value(shape or document.input, span=document.input_span)
    output = Value(None)
    if document.net is not None:
        scope = Scope(environment, None, dict(environment.params))
        body, output = lower_net(document.net, input_, scope, findings)
    _check_uncalled(document, environment, body, findings)
    train = resolve_train(document, environment, findings)
    if output.shape is None or document.net is None:
        return None
    graph = Graph(document.name, document.about, input_, output, body)
    values = {n: p.value for n, p in environment.params.items() if p is not None}
    return Spec(document, graph, values, train)


def _check_uncalled(
    document: Document,
    environment: Environment,
    body: tuple[Item, ...],
    findings: Findings,
) -> None:
    """Blocks that the network did not expand have mistakes too."""
    called = {id(i.definition) for i in walk(body) if isinstance(i, Module)}
    for definition in document.blocks:
        block = environment.callees.get(definition.name.id)
        if isinstance(block, Block) and id(block) not in called:
            check_unused(block, findings)


# --- names ---------------------------------------------------------------------------


def _environment(
    document: Document, folder: Path | None, trail: tuple[Path, ...], findings: Findings
) -> Environment:
    """What a document may call: ops, the library, its imports, its own blocks."""
    environment = Environment({}, {**OPS, **library()})
    for text, span in document.imports:
        environment.callees |= _imported(text, span, folder, trail, findings)
    for definition in document.blocks:
        environment.callees[definition.name.id] = Block(definition, environment)
    return environment


def _imported(
    text: str,
    span: Span,
    folder: Path | None,
    trail: tuple[Path, ...],
    findings: Findings,
) -> dict[str, Callee]:
    """The blocks of an imported file, which lies beside the spec or below."""
    base = (folder or Path()).resolve()
    path = (base / text).resolve()
    if Path(text).is_absolute() or not path.is_relative_to(base) or folder is None:
        findings.error(
            "import-outside",
            f"`{text}` is outside the folder of the spec",
            span,
            help="import files that lie beside the spec, or in a folder below",
        )
        return {}
    if path in trail:
        names = " imports ".join(f"`{p.name}`" for p in (*trail, path))
        findings.error("import-cycle", f"files import each other: {names}", span)
        return {}
    if not path.is_file():
        findings.error(
            "import-missing",
            f"there is no file `{text}` beside this spec",
            span,
            help="the path starts at the folder of the spec",
        )
        return {}
    source = read_source(path, _shown(span.source.name, text), findings)
    document = parse_document(source, findings) if source else None
    if document is None:
        return {}
    environment = _environment(document, path.parent, (*trail, path), findings)
    resolve_params(document, environment, None, [], findings)
    own = (definition.name.id for definition in document.blocks)
    return {name: environment.callees[name] for name in own}


def _shown(importer: str, text: str) -> str:
    return str(Path(importer).parent / text)


@cache
def library() -> dict[str, Callee]:
    """The blocks that come with archspec, by name."""
    findings = Findings()
    callees: dict[str, Callee] = dict(OPS)
    environment = Environment({}, callees)
    for file in sorted(files("archspec.library").iterdir(), key=lambda f: f.name):
        if not file.name.endswith(".yaml"):
            continue
        source = Source(f"library/{file.name}", file.read_text(encoding="utf-8"))
        document = parse_document(source, findings, check_schema=False)
        assert document
        for definition in document.blocks:
            callees[definition.name.id] = Block(definition, environment)
    assert not len(findings), [d.message for d in findings]
    return {name: c for name, c in callees.items() if isinstance(c, Block)}


# --- what a caller sets --------------------------------------------------------------


def _parse_input(text: str, findings: Findings) -> Shape | None:
    match = INPUT.fullmatch(text)
    if match:
        return tuple(int(size) for size in match.groups())
    findings.error(
        "invalid-type",
        f"expected channels x height x width, found `{text}`",
        Source("--input", text).span(0, len(text)),
        help="write it as `--input 3x224x224`",
    )
    return None


def _parse_settings(settings: Sequence[str], findings: Findings) -> list[Setting]:
    """`name=value` as of `--set`; the value is written as in `params`."""
    found: list[Setting] = []
    for text in settings:
        name, sign, value = text.partition("=")
        source = Source("--set", text)
        span = source.span(0, len(name))
        if not sign or not name.isidentifier():
            findings.error(
                "invalid-syntax",
                f"expected `name=value`, found `{text}`",
                span,
                help="write it as `--set classes=100`",
            )
            continue
        tree = read_yaml(Source("--set", " " * (len(name) + 1) + value), findings)
        expression = tree and parse_value(tree, findings)
        if expression:
            found.append((Name(span, name), expression))
    return found


def _as_settings(params: Mapping[str, object]) -> list[Setting]:
    """Python values as settings; their place is the call."""
    found: list[Setting] = []
    for name, value in params.items():
        source = Source(f"{name}={value!r}", f"{name}={value!r}")
        span = source.span(0, len(name))
        found.append((Name(span, name), _literal(value, span)))
    return found


def _literal(value: object, span: Span) -> Expression:
    if isinstance(value, list | tuple):
        return Tuple(span, tuple(_literal(item, span) for item in value))
    if isinstance(value, str) and value.isidentifier():
        return Name(span, value)
    if isinstance(value, int | float | str):
        return Literal(span, value)
    raise TypeError(f"a spec has no values of the type {type(value).__name__}")
