"""The blocks that come with archspec, written in the language itself.

Most specs call few of them, so that a file is parsed when one of its blocks is called.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, partial

from archspec.catalog import library_files
from archspec.diagnostics.diagnostic import Findings
from archspec.diagnostics.source import Source
from archspec.frontend.ast import BlockDefinition
from archspec.frontend.document_parser import parse_document
from archspec.ops.registry import OPS
from archspec.resolve.scope import Block, Callee, Environment


@cache
def library() -> dict[str, Callee]:
    """The bundled blocks by name."""
    callees: dict[str, Callee] = dict(OPS)
    environment = Environment({}, callees, bundled=True)
    for source, names in library_files():
        parse = cache(partial(_definitions, source))
        for name in names:
            callees[name] = Block(name, environment, partial(_definition, parse, name))
    return {name: c for name, c in callees.items() if isinstance(c, Block)}


def _definitions(source: Source) -> dict[str, BlockDefinition]:
    findings = Findings()
    document = parse_document(source, findings, check_schema=False)
    assert document
    assert not len(findings), [d.message for d in findings]
    return {definition.name.id: definition for definition in document.blocks}


def _definition(
    parse: Callable[[], dict[str, BlockDefinition]], name: str
) -> BlockDefinition:
    return parse()[name]
