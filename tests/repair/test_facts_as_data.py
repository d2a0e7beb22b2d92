"""Candidates come from what a finding carries as data, not from its words."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest

import harness
from archspec.diagnostics.diagnostic import Diagnostic, Findings, Label, TooMany
from archspec.frontend.document_parser import parse_document
from archspec.frontend.source_files import read_source
from archspec.repair.candidates import candidates

CASES = [
    *(path for path in harness.invalid_cases() if path.stat().st_size < 20_000),
    *sorted((harness.CASES / "repairs").glob("*.yaml")),
]


@pytest.mark.parametrize("path", CASES, ids=lambda p: f"{p.parent.name}/{p.stem}")
def test_words_decide_nothing(path: Path) -> None:
    source = read_source(path, str(path), Findings())
    document = None
    with suppress(TooMany):
        document = parse_document(source, Findings()) if source else None
    for finding in harness.compiled_case(path).diagnostics:
        expected = candidates(finding, document)
        assert candidates(without_words(finding), document) == expected


def without_words(finding: Diagnostic) -> Diagnostic:
    return replace(
        finding,
        message="",
        notes=("",) * len(finding.notes),
        help=("",) * len(finding.help),
        primary=Label(finding.primary.span),
        related=tuple(Label(label.span) for label in finding.related),
    )


@pytest.mark.slow
def test_much_is_proposed() -> None:
    """So that the test above has a subject."""
    found = [d for path in CASES for d in harness.compiled_case(path).diagnostics]
    assert sum(bool(d.offers) for d in found) > 60
    assert sum(bool(d.missing) for d in found) > 8
    assert sum(bool(d.proposals) for d in found) > 150
