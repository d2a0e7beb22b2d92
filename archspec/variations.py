"""Lower a network again with other params, to see what its class must depend on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from archspec.diagnostics.diagnostic import Findings
from archspec.frontend.ast import Document, Name, walk
from archspec.ir.graph import Graph, Port, SpecFamily, param_name
from archspec.ir.symbolic import Symbolic, variable
from archspec.lowering.lower import lower
from archspec.resolve.partial_call import has_callee, is_callee
from archspec.resolve.scope import Environment


def name_params(document: Document, environment: Environment) -> dict[str, Any]:
    """Let expressions read params by name, and return the values of those that they may.

    A param that others are computed from stays a number, and so does one that is read
    in a list together with ops or blocks.
    """
    computed_from = {*_read_by_params(document)}
    found: dict[str, Any] = {}
    for name, param in environment.params.items():
        if param is None or name in computed_from:
            continue
        if has_callee(param.value) and not is_callee(param.value):
            continue
        found[name] = param.value
        environment.params[name] = _named(name, param.value)
    return found


def _named(name: str, value: Any) -> Symbolic:
    return Symbolic(value, variable(param_name(name)))


def _read_by_params(document: Document) -> Iterator[str]:
    """The names that the values of params read."""
    values = [value for _, value in document.params if value is not None]
    for bindings in document.variants.values():
        values += [value for _, value in bindings if value is not None]
    for value in values:
        for part in walk(value):
            if isinstance(part, Name):
                yield part.id


def family_of(
    graph: Graph,
    document: Document,
    environment: Environment,
    inputs: Sequence[Port],
    variants: Mapping[str, Mapping[str, Any]],
    params: Mapping[str, Any],
) -> Graph:
    """The graph, which can be lowered again with other params."""

    def again(changes: Mapping[str, Any]) -> Graph | None:
        before = dict(environment.params)
        environment.params.update({n: _named(n, v) for n, v in changes.items()})
        try:
            findings = Findings()
            body, outputs = lower(
                document.net,
                inputs,
                document.outputs,
                environment.scope.inner(),
                (),
                findings,
                asserts=False,
            )
        finally:
            environment.params.update(before)
        if findings.has_errors or any(port.value.shape is None for port in outputs):
            return None
        return replace(
            graph,
            body=body,
            outputs=outputs,
            family=SpecFamily(document.name, {**params, **changes}),
        )

    known = {name: item and item.value for name, item in environment.params.items()}
    family = SpecFamily(document.name, params, variants, again, known)
    return replace(graph, family=family)
