"""Edits of a network that `train:` cannot use as it is.

train: {data: mnist}     linear(7)          linear(10)
                         conv(10, k=3)      conv(10, k=3) | global_avgpool | flatten
"""

from __future__ import annotations

from collections.abc import Iterator

from archspec.diagnostics.diagnostic import Diagnostic, Edit
from archspec.frontend.ast import Call, Document, Literal
from archspec.frontend.step_traversal import calls_in
from archspec.repair.call_edits import integer, positional
from archspec.repair.edit_costs import ADDED, OWN, Candidate
from archspec.signatures.recipes import NUM_CLASSES


def train_edits(finding: Diagnostic, document: Document) -> Iterator[Candidate]:
    """Edits for a warning that `train` refuses the network; nobody writes them unasked."""
    match finding.code:
        case "class-count":
            yield from _counts(finding, document)
        case "untrainable-shape":
            yield from _vectors(finding, document)
        case "batch-of-one":
            span = document.train["batch_size"][1].span
            yield Candidate.weak(OWN, "write `batch_size: 32`", Edit(span, "32"))


def _counts(finding: Diagnostic, document: Document) -> Iterator[Candidate]:
    """As many outputs as the data set has classes."""
    wanted, found = finding.numbers
    for name, value in document.params:
        if isinstance(value, Literal) and value.value == found:
            title = f"write `{name.id}: {wanted}`"
            yield Candidate.weak(ADDED, title, Edit(value.span, str(wanted)))
    call = _call_at(finding, document)
    given = positional(call)[-1:] if call else []
    if call and given and integer(given[0].value) == found:
        span = given[0].value.span
        text = call.span.source.text
        new = f"{text[call.span.start : span.start]}{wanted}"
        new += text[span.end : call.span.end]
        yield Candidate.weak(OWN, f"write `{new}`", Edit(span, str(wanted)))


def _vectors(finding: Diagnostic, document: Document) -> Iterator[Candidate]:
    """The last step with what makes a vector of classes of its output."""
    call = _call_at(finding, document)
    if call is None:
        return
    data = document.train.get("data")
    count = NUM_CLASSES.get(data[1].span.text) if data else None
    has_param = any(name.id == "classes" for name, _ in document.params)
    linear = f"linear({'classes' if has_param else count})"
    is_image = len(finding.numbers) == 3
    pooled = "global_avgpool | flatten" if is_image else "flatten"
    added = [pooled] if count in (None, finding.numbers[0]) else []
    added += [f"{pooled} | {linear}"] if has_param or count else []
    for place, text in enumerate(added):
        new = f"{call.span.text} | {text}"
        yield Candidate.weak(ADDED + place / 10, f"write `{new}`", Edit(call.span, new))


def _call_at(finding: Diagnostic, document: Document) -> Call | None:
    """The call of `net` that a finding is about."""
    at = finding.primary.span
    calls = calls_in(document.net) if document.net else ()
    return next((call for call in calls if call.span == at), None)
