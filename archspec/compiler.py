"""The road from a text to a checked network: read, parse, resolve names, lower."""

from __future__ import annotations

import gc
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType

from archspec.catalog import Entry, find_spec
from archspec.diagnostics.diagnostic import Diagnostic, Findings, TooMany
from archspec.diagnostics.source import Source
from archspec.frontend.ast import Binding, Document
from archspec.frontend.document import parse_document
from archspec.frontend.files import read_source
from archspec.ir.graph import Graph, Shape, Value
from archspec.lowering.environment import document_environment, library
from archspec.lowering.lower import lower
from archspec.lowering.params import resolve_params
from archspec.lowering.scope import Block, Environment, Scope
from archspec.lowering.settings import (
    parse_input,
    parse_settings,
    parse_train,
    python_settings,
)
from archspec.lowering.train import resolve_train
from archspec.lowering.unused import report_unused
from archspec.sizes import SizesResult, try_sizes
from archspec.spec import CheckResult, Spec

__all__ = ["check", "check_sizes", "check_source", "library", "load"]


def check(
    spec: str | Path,
    *,
    variant: str | None = None,
    input: str | Shape | None = None,  # the language's word
    settings: Sequence[str] = (),
    params: Mapping[str, object] | None = None,
    train: Mapping[str, str] | None = None,
) -> CheckResult:
    """Check a spec: a path, or the name of a bundled spec or variant.

    `input` replaces the spec's own, as `3x224x224` or `(3, 224, 224)`; `settings` are
    `name=value` texts as of `--set`, and `params` the same as Python values. `train`
    replaces calls of the `train:` section: `{"optimizer": "sgd(lr=0.1)"}`. Never
    raises on a bad spec.
    """
    findings = Findings()
    found = _find(spec, variant, findings)
    if found is None:
        return CheckResult(str(spec), tuple(findings), None)
    entry, source = found
    return check_source(
        source,
        findings,
        folder=entry.path.parent,
        variant=variant or entry.variant,
        input="x".join(map(str, input)) if isinstance(input, tuple) else input,
        settings=settings,
        params=params,
        train=train,
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
    train: Mapping[str, str] | None = None,
) -> CheckResult:
    """Check the text of a spec; imports are looked for in `folder`."""
    findings = Findings() if findings is None else findings
    path = folder / Path(source.name).name if folder else None
    spec = None
    with _collector_paused(), suppress(TooMany):
        given = [
            *parse_settings(settings, findings),
            *python_settings(params or {}, findings),
        ]
        network = _resolve(source, path, variant, input, given, findings, train or {})
        if network is not None:
            spec = _lowered(network, findings)
    return CheckResult(source.name, tuple(findings), spec)


def check_sizes(
    spec: str | Path,
    sizes: range,
    *,
    variant: str | None = None,
    input: str | None = None,
    settings: Sequence[str] = (),
) -> SizesResult:
    """For which heights and widths of square images a spec checks.

    Its shape assertions are left aside, since they are about one size.
    """
    findings = Findings()
    found = _find(spec, variant, findings)
    if found is None:
        return SizesResult(str(spec), tuple(findings))
    entry, source = found
    chosen = variant or entry.variant
    with _collector_paused(), suppress(TooMany):
        given = [*parse_settings(settings, findings)]
        network = _resolve(source, entry.path, chosen, input, given, findings)
        if network is not None:
            findings.extend(_faults_of_blocks(network))
        net = network and network.document.net
        if network and net and not findings.has_errors:
            shape = network.input.shape
            assert shape, "a network without an input and without a finding"
            ranges, reasons = try_sizes(net, shape, sizes, network.scope)
            return SizesResult(source.name, tuple(findings), ranges, reasons)
    return SizesResult(source.name, tuple(findings))


@dataclass(frozen=True, slots=True)
class _Network:
    """A document whose names are resolved, ready to be lowered."""

    document: Document
    environment: Environment
    input: Value
    train: Mapping[str, object]

    @property
    def scope(self) -> Scope:
        """What names mean in `net`."""
        return self.environment.scope.inner()

    @property
    def blocks(self) -> list[Block]:
        """The document's own blocks."""
        names = [block.name.id for block in self.document.blocks]
        callees = [self.environment.callees[name] for name in names]
        return [block for block in callees if isinstance(block, Block)]


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
    input: str | Shape | None = None,
    **params: object,
) -> Spec:
    """A checked spec.

    Raises:
        SpecError: if the spec has errors; its `str()` is the rendered report.
    """
    return check(spec, variant=variant, input=input, params=params).require()


def _find(
    spec: str | Path, variant: str | None, findings: Findings
) -> tuple[Entry, Source] | None:
    """A spec's file and its text; a variant's name leaves no other to choose."""
    entry = find_spec(str(spec), findings)
    if entry and entry.variant and variant not in (None, entry.variant):
        findings.error(
            "unknown-variant",
            f"`{spec}` is a variant of `{entry.name}` itself, found `{variant}` beside it",
            Source(f"--variant {variant}", "").span(0, 0),
            help=f"write `{entry.name} --variant {variant}`",
        )
        return None
    source = read_source(entry.path, entry.name, findings) if entry else None
    return (entry, source) if entry and source else None


def _resolve(
    source: Source,
    path: Path | None,
    variant: str | None,
    input: str | None,
    settings: Sequence[Binding],
    findings: Findings,
    train_texts: Mapping[str, str] = MappingProxyType({}),
) -> _Network | None:
    document = parse_document(source, findings)
    given = parse_input(input, findings) if input is not None else None
    recipes = dict(parse_train(train_texts, findings))
    if document is None:
        return None
    document = replace(document, train={**document.train, **recipes})
    environment = document_environment(document, path, findings)
    resolve_params(document, environment, variant, settings, findings)
    train = resolve_train(document, environment, findings)
    own = Value(document.input, span=document.input_span)
    return _Network(document, environment, given or own, train)


def _faults_of_blocks(network: _Network) -> list[Diagnostic]:
    """What is wrong in the document's own blocks, whatever calls them."""
    findings = Findings()
    lower(None, network.input, network.scope, network.blocks, findings)
    return [d for d in findings if d.is_error]


def _lowered(network: _Network, findings: Findings) -> Spec | None:
    document, x = network.document, network.input
    asserts = x.shape == document.input  # they are about the spec's own input
    body, output = lower(
        document.net, x, network.scope, network.blocks, findings, asserts=asserts
    )
    if not findings.has_errors:
        report_unused(document, network.environment, findings)
    if document.net is None or findings.has_errors:
        return None
    assert output.shape is not None, "a network of unknown shape and without a finding"
    graph = Graph(document.name, document.about, x, output, body)
    params = network.environment.params.items()
    values = {name: param.value for name, param in params if param is not None}
    return Spec(document, graph, values, network.train, network.environment.files)
