"""From the text of a spec to a checked network: parse, resolve, lower, lint.

The compiler finds; it proposes no fixes. `checker` adds those.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from archspec.diagnostics.diagnostic import Diagnostic, Findings, TooMany
from archspec.diagnostics.source import Source
from archspec.frontend.ast import Document, InputDefinition
from archspec.frontend.document_parser import parse_document
from archspec.ir.garbage_collection import collector_paused
from archspec.ir.graph import Graph, Port, Value, named_input
from archspec.ir.shape import Shape
from archspec.lints.rules import lint
from archspec.lowering.block_outputs import BlockOutputs
from archspec.lowering.lower import Body, lower
from archspec.lowering.unread_steps import report_unread_steps
from archspec.resolve.imports import document_environment
from archspec.resolve.overrides import (
    override_inputs,
    parse_inputs,
    parse_overrides,
    parse_train,
    python_overrides,
)
from archspec.resolve.params import resolve_params
from archspec.resolve.scope import Block, Environment, Scope, check_new_names
from archspec.resolve.train_section import resolve_train
from archspec.sizes import SizesResult, try_sizes
from archspec.spec import CheckResult, Spec
from archspec.variations import family_of, name_params


class Options(NamedTuple):
    """What a caller chooses about a spec."""

    variant: str | None = None
    inputs: Sequence[str] = ()
    """Texts `3x224x224` or `image=3x224x224`, as of `--input`."""

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
    compiled = Compiled()
    with collector_paused(), suppress(TooMany):
        compiled = compile_spec(source, folder, options, findings)
    return CheckResult(source.name, tuple(findings), *compiled, source)


class Compiled(NamedTuple):
    """A spec without errors, and the network, with errors as far as it is known."""

    spec: Spec | None = None
    graph: Graph | None = None


def compile_spec(
    source: Source, folder: Path | None, options: Options, findings: Findings
) -> Compiled:
    """Compile the text of a spec.

    Raises:
        TooMany: at a bound.
    """
    network = _resolve(source, folder, options, findings)
    return _lowered(network, options.variant, findings) if network else Compiled()


def compile_again(
    spec: Source | Document,
    folder: Path | None,
    options: Options,
    findings: Findings,
    *,
    lints: bool,
) -> Graph | None:
    """Find the errors of a text or a syntax tree, and the warnings only where asked.

    Raises:
        TooMany: at a bound.
    """
    network = _resolve(spec, folder, options, findings)
    if network is None:
        return None
    graph = _graph(network, options.variant, findings)
    if lints and not findings.has_errors:
        document, environment = network.document, network.environment
        lint(document, environment, graph, network.train, findings)
    return graph


def try_shapes(
    document: Document,
    folder: Path | None,
    options: Options,
    findings: Findings,
    block_outputs: BlockOutputs,
) -> None:
    """Find what mismatches in an edited document; a block that is known is not expanded.

    Raises:
        TooMany: at a bound.
    """
    network = _resolve(document, folder, options, findings)
    if network:
        _items(network, [], findings, block_outputs)


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
            inputs = network.inputs
            assert inputs, "a network without an input and without a finding"
            ranges, reasons = try_sizes(net, inputs, sizes, network.scope)
            return SizesResult(source.name, tuple(findings), ranges, reasons)
    return SizesResult(source.name, tuple(findings))


class _Network(NamedTuple):
    """A document whose names are resolved, ready to be lowered."""

    document: Document
    environment: Environment
    inputs: tuple[Port, ...]
    train: Mapping[str, object]
    variants: Mapping[str, Mapping[str, object]]  # the values of their params

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


def _resolve(
    spec: Source | Document, folder: Path | None, options: Options, findings: Findings
) -> _Network | None:
    overrides = [
        *parse_overrides(options.overrides, findings),
        *python_overrides(options.params or {}, findings),
    ]
    document = parse_document(spec, findings) if isinstance(spec, Source) else spec
    given = [*parse_inputs(options.inputs, findings)]
    recipes = dict(parse_train(options.train or {}, findings))
    if document is None:
        return None
    document = replace(document, train={**document.train, **recipes})
    path = folder / Path(document.source.name).name if folder else None
    environment = document_environment(document, path, findings)
    variants = resolve_params(
        document, environment, options.variant, overrides, findings
    )
    train = resolve_train(document, environment, findings)
    inputs = _inputs(document, environment, options.variant, given, findings)
    return _Network(document, environment, inputs, train, variants)


def _inputs(
    document: Document,
    environment: Environment,
    variant: str | None,
    given: Sequence[InputDefinition],
    findings: Findings,
) -> tuple[Port, ...]:
    """The network's inputs, with the shapes of the variant and of the caller."""
    if document.has_named_inputs:
        names = [item.name for item in document.inputs]
        check_new_names(names, findings)
        for name in names:
            if name.id in environment.params:
                findings.error(
                    "duplicate-name",
                    f"`{name.id}` is an input and a param",
                    name.span,
                    help="rename one of them",
                )
    chosen = document.variant_inputs.get(variant or "", ())
    own = override_inputs(document.inputs, chosen, findings)
    inputs = override_inputs(own, given, findings)
    if document.has_named_inputs:
        return tuple(
            named_input(name.id, Shape.of_input(sizes), name.span)
            for name, sizes in inputs
        )
    return tuple(
        Port(name.id, Value(Shape.of_input(sizes), span=name.span))
        for name, sizes in inputs
    )


def _errors_in_blocks(network: _Network) -> list[Diagnostic]:
    """The errors in the document's own blocks, whatever calls them."""
    findings = Findings()
    lower(None, network.inputs, (), network.scope, network.blocks, findings)
    return [d for d in findings if d.is_error]


def _items(
    network: _Network,
    blocks: Sequence[Block],
    findings: Findings,
    block_outputs: BlockOutputs | None = None,
) -> tuple[Body, tuple[Port, ...]]:
    document = network.document
    own = [Shape.of_input(item.sizes) for item in document.inputs]
    return lower(
        document.net,
        network.inputs,
        document.outputs,
        network.scope,
        blocks,
        findings,
        # Shape assertions are about the spec's own input.
        asserts=[port.value.shape for port in network.inputs] == own,
        block_outputs=block_outputs,
    )


def _graph(network: _Network, variant: str | None, findings: Findings) -> Graph | None:
    """The network, with errors as far as it is known; None without `net` or input."""
    document = network.document
    body, outputs = _items(network, network.blocks, findings)
    if document.net is None:
        return None
    if not findings.has_errors:
        report_unread_steps(body, [port.value for port in outputs], findings)
    if not network.inputs:
        return None
    return Graph(
        variant or document.name,
        document.about,
        network.inputs,
        outputs,
        body,
        returns_tuple=bool(document.outputs),
    )


def _lowered(network: _Network, variant: str | None, findings: Findings) -> Compiled:
    document, environment = network.document, network.environment
    named = name_params(document, environment)
    graph = _graph(network, variant, findings)
    if findings.has_errors:
        return Compiled(None, graph)
    if graph is not None:
        graph = family_of(
            graph, document, environment, network.inputs, network.variants, named
        )
    lint(document, environment, graph, network.train, findings)
    if graph is None:
        return Compiled()
    outputs = graph.outputs
    known = all(port.value.shape is not None for port in outputs)
    assert outputs, "a network without an output and without a finding"
    assert known, "an unknown shape without a finding"
    params = environment.params.items()
    values = {name: param.value for name, param in params if param is not None}
    files = environment.files
    spec = Spec(document, graph, values, network.train, files, variant)
    return Compiled(spec, graph)
