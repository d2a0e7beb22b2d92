"""The road from a text to a checked network: read, parse, resolve names, lower."""

from __future__ import annotations

import gc
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from archspec.catalog import find_spec
from archspec.diagnostics.diagnostic import Findings
from archspec.diagnostics.source import Source
from archspec.frontend.ast import Binding, Document
from archspec.frontend.document import parse_document
from archspec.frontend.files import read_source
from archspec.ir.graph import Graph, Shape, Value
from archspec.lowering.environment import document_environment, library
from archspec.lowering.lower import lower
from archspec.lowering.params import resolve_params
from archspec.lowering.scope import Block, Scope
from archspec.lowering.settings import parse_input, parse_settings, python_settings
from archspec.lowering.train import resolve_train
from archspec.spec import CheckResult, Spec

__all__ = ["check", "check_source", "library", "load"]


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
    findings = Findings() if findings is None else findings
    path = folder / Path(source.name).name if folder else None
    spec = None
    with _collector_paused():
        document = parse_document(source, findings)
        given = [
            *parse_settings(settings, findings),
            *python_settings(params or {}, findings),
        ]
        shape = parse_input(input, findings) if input is not None else None
        if document is not None:
            spec = _check_document(document, path, variant, given, shape, findings)
    if findings.has_errors:
        spec = None
    return CheckResult(source.name, tuple(findings), spec)


@contextmanager
def _collector_paused() -> Iterator[None]:
    """A graph is made of many objects, none of them garbage: looking costs half."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


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
    path: Path | None,
    variant: str | None,
    settings: Sequence[Binding],
    shape: Shape | None,
    findings: Findings,
) -> Spec | None:
    environment = document_environment(document, path, findings)
    resolve_params(document, environment, variant, settings, findings)
    scope = Scope(environment, None, dict(environment.params))
    input_ = Value(shape or document.input, span=document.input_span)
    blocks = [environment.callees[block.name.id] for block in document.blocks]
    own = [block for block in blocks if isinstance(block, Block)]
    body, output = lower(document.net, input_, scope, own, findings)
    train = resolve_train(document, environment, findings)
    if document.net is None or findings.has_errors:
        return None
    assert output.shape is not None, "a network of unknown shape and without a finding"
    graph = Graph(document.name, document.about, input_, output, body)
    values = {n: p.value for n, p in environment.params.items() if p is not None}
    return Spec(document, graph, values, train)
