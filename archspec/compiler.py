"""From the text of a spec to a checked network: parse, resolve, lower, lint.

The compiler finds; it proposes no fixes. `checker` adds those.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from archspec.diagnostics.diagnostic import Diagnostic, Findings, TooMany
from archspec.diagnostics.source import Source
from archspec.frontend.ast import Document
from archspec.frontend.document_parser import parse_document
from archspec.ir.graph import Graph, Value
from archspec.ir.shape import Shape
from archspec.lints.rules import lint
from archspec.lowering.lower import lower
from archspec.resolve.imports import document_environment
from archspec.resolve.overrides import (
    parse_input,
    parse_overrides,
    parse_train,
    python_overrides,
)
from archspec.resolve.params import resolve_params
from archspec.resolve.scope import Block, Environment, Scope
from archspec.resolve.train_section import resolve_train
from archspec.sizes import SizesResult, try_sizes
from archspec.spec import CheckResult, Spec


class Options(NamedTuple):
    """What a caller chooses about a spec."""

    variant: str | None = None
    input: str | None = None
    """As `3x224x224`."""

    overrides: Sequence[str] = ()
    """Texts `name=value`, as of `--set`."""

    params: Mapping[str, object] | None = None
    """The same as Python values."""

    train: Mapping[str, str] | None = None
    """Calls of the `train:` section: `{"optimizer": "sgd(lr=0.1)"}`."""


def compile_source(
    source: Source, folder: Path | None, options: Options, findings: Findings
) -> CheckResult:
    """Compile the text of a spec; imports are relative to `folder`."""
    spec = None
    with collector_paused(), suppress(TooMany):
        network = _resolve(source, folder, options, findings)
        if network is not None:
            spec = _lowered(network, findings)
    return CheckResult(source.name, tuple(findings), spec)


def compile_sizes(
    source: Source,
    folder: Path | None,
    options: Options,
    sizes: range,
    findings: Findings,
) -> SizesResult:
    """For which heights and widths of square images a spec compiles.

    Its shape assertions are ignored, since they are about one size.
    """
    with collector_paused(), suppress(TooMany):
        network = _resolve(source, folder, options, findings)
        if network is not None:
            findings.extend(_errors_in_blocks(network))
        net = network and network.document.net
        if network and net and not findings.has_errors:
            shape = network.input.shape
            assert shape, "a network without an input and without a finding"
            ranges, reasons = try_sizes(net, shape, sizes, network.scope)
            return SizesResult(source.name, tuple(findings), ranges, reasons)
    return SizesResult(source.name, tuple(findings))


class _Network(NamedTuple):
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
def collector_paused() -> Iterator[None]:
    """A graph is many objects, none of them garbage: collecting costs half the time."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def _resolve(
    source: Source, folder: Path | None, options: Options, findings: Findings
) -> _Network | None:
    overrides = [
        *parse_overrides(options.overrides, findings),
        *python_overrides(options.params or {}, findings),
    ]
    document = parse_document(source, findings)
    text = options.input
    given = parse_input(text, findings) if text is not None else None
    recipes = dict(parse_train(options.train or {}, findings))
    if document is None:
        return None
    document = replace(document, train={**document.train, **recipes})
    path = folder / Path(source.name).name if folder else None
    environment = document_environment(document, path, findings)
    resolve_params(document, environment, options.variant, overrides, findings)
    train = resolve_train(document, environment, findings)
    shape = Shape.of_input(document.input) if document.input else None
    own = Value(shape, span=document.input_span)
    return _Network(document, environment, given or own, train)


def _errors_in_blocks(network: _Network) -> list[Diagnostic]:
    """The errors in the document's own blocks, whatever calls them."""
    findings = Findings()
    lower(None, network.input, network.scope, network.blocks, findings)
    return [d for d in findings if d.is_error]


def _lowered(network: _Network, findings: Findings) -> Spec | None:
    document, environment, x = network.document, network.environment, network.input
    asserts = x.shape == document.input  # they are about the spec's own input
    body, output = lower(
        document.net, x, network.scope, network.blocks, findings, asserts=asserts
    )
    if findings.has_errors:
        return None
    graph = None
    if document.net is not None:
        assert output.shape is not None, "an unknown shape without a finding"
        graph = Graph(document.name, document.about, x, output, body)
    lint(document, environment, graph, findings)
    if graph is None:
        return None
    params = environment.params.items()
    values = {name: param.value for name, param in params if param is not None}
    return Spec(document, graph, values, network.train, environment.files)
