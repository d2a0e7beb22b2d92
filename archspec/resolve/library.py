"""The blocks that come with archspec, written in the language itself."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from archspec.diagnostics.diagnostic import Findings
from archspec.diagnostics.source import Source
from archspec.frontend.document_parser import parse_document
from archspec.ops.registry import OPS
from archspec.resolve.scope import Block, Callee, Environment

FOLDER = Path(__file__).parents[1] / "library"


@cache
def library() -> dict[str, Callee]:
    """The bundled blocks by name."""
    findings = Findings()
    callees: dict[str, Callee] = dict(OPS)
    environment = Environment({}, callees, bundled=True)
    for file in sorted(FOLDER.glob("*.yaml")):
        source = Source(f"library/{file.name}", file.read_text(encoding="utf-8"))
        document = parse_document(source, findings, check_schema=False)
        assert document
        for definition in document.blocks:
            callees[definition.name.id] = Block(definition, environment)
    assert not len(findings), [d.message for d in findings]
    return {name: c for name, c in callees.items() if isinstance(c, Block)}
