"""Fixes that work: each is applied, and the whole spec checked again.

    cnov(8, k=3)   help: did you mean `conv`?   fix: write `conv` there

A fix works if its finding is gone and no other error has come, in the variant that was
checked and in every other variant that was valid before.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass, field, replace

from archspec.diagnostics.diagnostic import Diagnostic, Edit, Fix
from archspec.diagnostics.source import Source
from archspec.frontend.ast import Document
from archspec.repair.edit_costs import Candidate
from archspec.repair.spec_edits import input_of_size, spec_edits, square_input
from archspec.spec import CheckResult

MAX_LOWERED = 10_000  # steps, for all findings of a report
CHARACTERS_PER_STEP = 10  # reading them costs as much as lowering a step
MARGIN = 0.3  # in cost, by which the likeliest fix leads if it is written by itself
OWN = 1.0  # cost of a proposal that the compiler makes itself
MAX_FIXES = 3  # of one finding

# Check a text in a variant, or in that of the report if it is None.
Check = Callable[[Source, str | None], CheckResult]
Errors = Counter[tuple[str, str]]


def apply_edits(source: Source, edits: Iterable[Edit]) -> Source:
    """The source with edits applied together; none overlaps another."""
    text = source.text
    for edit in sorted(edits, key=lambda edit: edit.span.start, reverse=True):
        text = text[: edit.span.start] + edit.text + text[edit.span.end :]
    return replace(source, text=text)


@dataclass
class Verification:
    """Checks the fixes of one report."""

    source: Source
    document: Document | None
    check: Check
    variants: Sequence[str]
    lowered: int = 0  # steps, so far
    valid: dict[str, bool] = field(default_factory=dict)  # variants, before any fix

    def with_fixes(self, diagnostics: Sequence[Diagnostic]) -> tuple[Diagnostic, ...]:
        """The findings with the proposals that work as their fixes."""
        before = _errors(diagnostics)
        return tuple(
            replace(each, proposals=(), fixes=self.working(each, before))
            if each.is_error
            else each
            for each in diagnostics
        )

    def working(self, finding: Diagnostic, before: Errors) -> tuple[Fix, ...]:
        """The fixes that work, the likeliest first.

        One that has no close alternative stays strong.
        """
        found: list[Candidate] = []
        networks: list[object] = []
        for candidate in [
            *self.larger_input(finding, before),
            *self.candidates(finding),
        ]:
            network = self.network_with(candidate.fix, finding, before)
            if network is not None and network not in networks:
                found.append(candidate)
                networks.append(network)
            if len(found) == MAX_FIXES or self.lowered > MAX_LOWERED:
                break
        is_clear = len(found) == 1 or (
            found[1:] and found[1].cost - found[0].cost >= MARGIN
        )
        return tuple(
            each.fix._replace(is_strong=bool(each.fix.is_strong and is_clear and not n))
            for n, each in enumerate(found)
        )

    def larger_input(self, finding: Diagnostic, before: Errors) -> list[Candidate]:
        """The smallest square input that a network takes, where a window is too large."""
        document = self.document
        size = square_input(document) if document else None
        if finding.code != "empty-output" or not document or not size:
            return []
        fits = next((n for n in (2, 4, 8) if self.takes(size * n, finding, before)), 0)
        if not fits:
            return []
        sizes = range(size * fits // 2, size * fits + 1)
        first = bisect_left(sizes, 1, key=lambda n: self.takes(n, finding, before))
        return [input_of_size(document, sizes[min(first, len(sizes) - 1)])]

    def takes(self, size: int, finding: Diagnostic, before: Errors) -> bool:
        """Whether the network takes a square input of a size."""
        assert self.document
        fix = input_of_size(self.document, size).fix
        return self.network_with(fix, finding, before) is not None

    def candidates(self, finding: Diagnostic) -> list[Candidate]:
        """What to try for a finding: its own proposals, and edits of the spec."""
        own = [Candidate(OWN, fix) for fix in finding.proposals]
        others = spec_edits(finding, self.document) if self.document else []
        found: dict[object, Candidate] = {}
        for each in sorted([*own, *others], key=lambda each: each.cost):
            key = tuple((e.span.start, e.span.end, e.text) for e in each.fix.edits)
            found.setdefault(key, each)
        return [*found.values()]

    def network_with(
        self, fix: Fix, finding: Diagnostic, before: Errors
    ) -> Hashable | None:
        """The network that a fix makes; None if it does not work.

        A fix works if it removes its finding and adds no error.
        """
        if any(edit.span.source is not self.source for edit in fix.edits):
            return None
        fixed = apply_edits(self.source, fix.edits)
        result = self.checked(fixed, None)
        if result is None:
            return None
        after = _errors(result.diagnostics)
        if not after <= before or after[_key(finding)] >= before[_key(finding)]:
            return None
        if not all(self.stays_valid(variant, fixed) for variant in self.variants):
            return None
        inputs = self.document.inputs if self.document else ()
        if fix.edits[0].span in [each.name.span for each in inputs]:
            return "another input"  # one size is enough
        return _layers(result) or fix

    def stays_valid(self, variant: str, fixed: Source) -> bool:
        """Whether a variant that was valid is so with a fix."""
        if variant not in self.valid:
            result = self.checked(self.source, variant)
            self.valid[variant] = result is not None and result.ok
        if not self.valid[variant]:
            return True
        result = self.checked(fixed, variant)
        return result is not None and result.ok

    def checked(self, source: Source, variant: str | None) -> CheckResult | None:
        """Check a text; None at the bound on steps."""
        if self.lowered > MAX_LOWERED:
            return None
        result = self.check(source, variant)
        self.lowered += result.lowered + len(source.text) // CHARACTERS_PER_STEP
        return result


def _layers(result: CheckResult) -> Hashable:
    """What two texts of one network share."""
    if result.graph is None:
        return None
    nodes = result.graph.nodes
    return tuple((n.op, n.output.shape, n.parameters) for n in nodes)


def _errors(diagnostics: Iterable[Diagnostic]) -> Errors:
    return Counter(_key(each) for each in diagnostics if each.is_error)


def _key(finding: Diagnostic) -> tuple[str, str]:
    return finding.code, finding.message
