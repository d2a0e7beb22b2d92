"""Check a spec with its variants: a mistake that several of them have is one finding."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from archspec.checker import Input, check_source, find_source, input_texts
from archspec.compiler import Options, compile_again
from archspec.diagnostics.diagnostic import (
    MAX_FINDINGS,
    Diagnostic,
    Findings,
    Label,
    TooMany,
)
from archspec.diagnostics.source import Source
from archspec.frontend.ast import Document
from archspec.frontend.document_parser import parse_document
from archspec.spec import CheckResult

MAX_STEPS = 100_000  # of all variants: a small text may have many
STEPS_PER_VARIANT = 20  # what any variant costs, and 1 for each: their values are read
MAX_WITH_FIXES = 3  # variants: a search takes up to half a second
MAX_NAMED = 3  # variants in a message

Variants = dict[str, CheckResult]
Place = tuple[str, str, int, int]


class FamilyResult(NamedTuple):
    """The findings in a spec and its variants, and the result of each by itself."""

    name: str
    diagnostics: tuple[Diagnostic, ...]
    own: CheckResult
    variants: Mapping[str, CheckResult]

    @property
    def ok(self) -> bool:
        """Whether no finding is an error."""
        return not any(d.is_error for d in self.diagnostics)


def check_family(
    spec: str | Path,
    *,
    variant: str | None = None,
    input: Input | None = None,
    overrides: Sequence[str] = (),
) -> FamilyResult:
    """Check a spec by its path or name, with its variants unless one is chosen."""
    findings = Findings()
    found = find_source(spec, variant, findings)
    if found is None:
        own = CheckResult(str(spec), tuple(findings), None)
        return FamilyResult(own.name, own.diagnostics, own, {})
    entry, source = found
    options = Options(entry.variant, input_texts(input), overrides)
    result = check_family_source(source, entry.path.parent, options)
    return result._replace(name=entry.title)


def check_family_source(
    source: Source, folder: Path | None, options: Options
) -> FamilyResult:
    """Check the text of a spec, with its variants unless one is chosen."""
    own = check_source(source, folder=folder, options=options)
    findings = Findings()
    document = None if options.variant else _document(own, source, findings)
    if document is None:
        return FamilyResult(own.name, own.diagnostics, own, {})
    variants = _check_variants(document, folder, options, findings, lints=own.ok)
    shared = _shared_findings(own, variants)
    first = dict.fromkeys(names[0] for names in shared.values())
    for name in [*first][:MAX_WITH_FIXES]:
        chosen = options._replace(variant=name)
        checked = check_source(source, folder=folder, options=chosen)
        variants[name] = _of_variant(name, checked, document)
    found = [
        *own.diagnostics,
        *(d for name in first for d in _named(variants[name], name, shared)),
        *_unchecked(document, variants),
    ]
    return FamilyResult(own.name, (*found,), own, variants)


def _document(own: CheckResult, source: Source, findings: Findings) -> Document | None:
    """The syntax tree of a text that was checked."""
    if own.spec:
        return own.spec.document
    with suppress(TooMany):
        return parse_document(source, findings)
    return None


def _check_variants(
    document: Document,
    folder: Path | None,
    options: Options,
    parsed: Findings,
    *,
    lints: bool,
) -> Variants:
    """The results of the variants, up to a bound on the work; they have no fixes.

    Those of the document itself, `parsed`, are errors of each.
    """
    results: Variants = {}
    steps = errors = 0
    for name in document.variants:
        findings, graph = Findings(), None
        chosen = options._replace(variant=name)
        with suppress(TooMany):
            graph = compile_again(document, folder, chosen, findings, lints=lints)
        found = (*parsed, *findings)
        result = CheckResult(name, found, None, graph, document.source)
        results[name] = _of_variant(name, result, document)
        steps += findings.lowered + STEPS_PER_VARIANT + len(document.variants)
        errors += findings.errors
        if steps > MAX_STEPS or errors > MAX_FINDINGS:
            break
    return results


def _of_variant(variant: str, result: CheckResult, document: Document) -> CheckResult:
    """A result without what is wrong in the values of other variants."""
    spans = document.variant_spans
    others = [span for name, span in spans.items() if name != variant]
    found = [
        each
        for each in result.diagnostics
        if not any(span.contains(each.primary.span) for span in others)
    ]
    return replace(result, diagnostics=tuple(found))


def _shared_findings(own: CheckResult, variants: Variants) -> dict[Place, list[str]]:
    """The variants with each finding that the spec itself does not have."""
    known = {*map(_place, own.diagnostics)}
    found: dict[Place, list[str]] = {}
    for name, result in variants.items():
        for place in dict.fromkeys(map(_place, result.diagnostics)):
            if place not in known:
                found.setdefault(place, []).append(name)
    return found


def _place(finding: Diagnostic) -> Place:
    """What the findings of a mistake share, whose numbers differ between variants."""
    span = finding.primary.span
    return finding.code, span.source.name, span.start, span.end


def _named(
    result: CheckResult, variant: str, shared: Mapping[Place, list[str]]
) -> Iterator[Diagnostic]:
    """The findings that a variant has first, with the names of all that have them.

    No fix is surely meant: most would undo the variant.
    """
    for each in result.diagnostics:
        names = shared.get(_place(each), [""])
        if names[0] == variant:
            message = f"{each.message} ({_listed(names)})"
            fixes = tuple(fix._replace(is_strong=False) for fix in each.fixes)
            yield replace(each, message=message, fixes=fixes)


def _listed(names: Sequence[str]) -> str:
    shown = ", ".join(f"`{name}`" for name in names[:MAX_NAMED])
    more = f" and {len(names) - MAX_NAMED} more" if len(names) > MAX_NAMED else ""
    return f"variant{'s' * (len(names) > 1)} {shown}{more}"


def _unchecked(document: Document, checked: Iterable[str]) -> Iterator[Diagnostic]:
    """An error if the bound on the work leaves variants unchecked."""
    rest = [name for name in document.variants if name not in {*checked}]
    if rest:
        yield Diagnostic(
            "too-much-work",
            f"the check ends before the variant `{rest[0]}`: too many layers or errors",
            Label(document.source.span(0, 0)),
            help=(
                f"check it by name: `archspec check {document.source.name}:{rest[0]}`",
            ),
        )
