"""Fixes that work: each is applied, and the whole spec checked again.

    cnov(8, k=3)   help: did you mean `conv`?   fix: write `conv` there

A fix works if its finding is gone and no other error has come, in the variant that was
checked and in every other variant that was valid before.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import (
    Callable,
    Collection,
    Hashable,
    Iterable,
    Iterator,
    Sequence,
)
from contextlib import suppress
from dataclasses import dataclass, field, replace
from math import gcd
from typing import NamedTuple

from archspec.diagnostics.diagnostic import Diagnostic, Findings, Fix, TooMany
from archspec.diagnostics.source import Source
from archspec.frontend.ast import Document
from archspec.frontend.document_parser import parse_document
from archspec.ir.graph import Graph, plain
from archspec.lowering.block_outputs import BlockOutputs
from archspec.ops.shapes import divisors
from archspec.repair.candidates import candidates
from archspec.repair.document_edits import (
    image_of,
    input_of,
    input_of_size,
    square_input,
)
from archspec.repair.edit_costs import (
    ALL_ASSERTIONS,
    LAST_RESORT,
    MAX_LEAD,
    PER_ERROR,
    SMALLEST_INPUT,
    UNCOVERED,
    Candidate,
)
from archspec.repair.joined_fixes import joined
from archspec.repair.trial import (
    EditedDocuments,
    Errors,
    FindingsUpTo,
    NewError,
    apply_edits,
    key_of,
)

MAX_LOWERED = 2_050  # steps, for one finding: a quarter of a second
MAX_IN_ALL = 2_500  # for all findings of a report
CHARACTERS_PER_STEP = 50  # reading them costs as much as lowering a step
STEPS_PER_TRIAL = 4  # what any trial costs
MAX_FACTOR = 64  # of heights and widths that fit
ANOTHER_INPUT = "another input"  # in place of a network
MARGIN = 0.3  # in cost, by which the likeliest fix leads if it is written by itself
MAX_FIXES = 3  # of one finding
MIN_CHECKS = 3  # that must be left for the fix of an error that another fix uncovers
MAX_BEHIND = 400  # steps behind the bound, for what nearly always works

# Check a text in a variant, or without one if it is None.
Check = Callable[[Source, str | None, Findings], Graph | None]
# Find what mismatches in a syntax tree.
TryShapes = Callable[[Document, Findings, BlockOutputs], None]


class Working(NamedTuple):
    """A fix that works, and the network that it makes."""

    cost: float
    fix: Fix
    network: Hashable
    effect: str  # its output and its parameters


@dataclass
class Verification:
    """Checks the fixes of one report."""

    source: Source
    document: Document | None
    check: Check
    try_shapes: TryShapes
    variant: str | None  # of the report
    others: Sequence[str | None]
    by_argument: Collection[Diagnostic] = ()  # findings of no fault in the text
    lowered: int = 0  # steps, so far
    # Whether each of the others was valid before any fix.
    valid: dict[str | None, bool] = field(default_factory=dict)
    edited: EditedDocuments | None = None
    is_uncovered: bool = False  # the text is that of a fix

    def __post_init__(self) -> None:
        """Index the chains of the document."""
        if self.document:
            self.edited = EditedDocuments(self.document)

    def with_fixes(self, diagnostics: Sequence[Diagnostic]) -> tuple[Diagnostic, ...]:
        """The findings with the proposals that work as their fixes."""
        before = _errors(diagnostics)
        left = sum(map(self.may_have_fixes, diagnostics))
        found = []
        for each in diagnostics:
            fixes: tuple[Fix, ...] = ()
            if self.may_have_fixes(each):
                share = (MAX_IN_ALL - self.lowered) // left
                until = self.lowered + min(share, MAX_LOWERED)
                fixes = self.working(each, before, until)
                left -= 1
            found.append(each.with_fixes(fixes))
        return (*found,)

    def may_have_fixes(self, finding: Diagnostic) -> bool:
        """Whether fixes are searched: of an error, and of a warning about numbers."""
        if finding.primary.span.source.is_argument or finding in self.by_argument:
            return False
        return finding.is_error or bool(finding.numbers)

    def working(
        self, finding: Diagnostic, before: Errors, until: int
    ) -> tuple[Fix, ...]:
        """The fixes that work, the likeliest first.

        One that has no close alternative stays strong.
        """
        found: list[Working] = []
        if self.lowered >= MAX_IN_ALL:
            return ()
        for candidate in self.within(finding, before, until, found):
            if len(found) >= MAX_FIXES and candidate.cost > found[MAX_FIXES - 1].cost:
                break
            if found and candidate.cost > found[0].cost + MAX_LEAD:
                break
            if candidate.fix.title in [each.fix.title for each in found]:
                continue  # no choice for a reader
            working = self.tried(candidate, finding, before)
            if working and working.network not in [each.network for each in found]:
                if working.network == ANOTHER_INPUT and finding.code == "size-mismatch":
                    working = self.with_factor(working, finding, before)
                found.append(working)
                found.sort(key=lambda each: each.cost)
        best = [e for e in found[:MAX_FIXES] if e.cost <= found[0].cost + MAX_LEAD]
        is_clear = len(best) == 1 or (
            best[1:] and best[1].cost - best[0].cost >= MARGIN
        )
        differs = not is_clear and len({each.effect for each in best}) > 1
        return tuple(
            each.fix._replace(
                is_strong=bool(each.fix.is_strong and is_clear and not n),
                effect=each.effect * differs,
            )
            for n, each in enumerate(best)
        )

    def all_assertions(
        self, finding: Diagnostic, before: Errors, until: int
    ) -> Iterator[Candidate]:
        """The shapes that are found in place of all assertions, where the input differs."""
        if finding.code != "shape-assertion" or self.is_uncovered:
            return
        fix, count = finding.proposals[0], 1
        while self.lowered < until:
            text = apply_edits(self.source, fix.edits)
            after = Findings()
            self.checked(text, self.variant, after)
            new = [
                each for each in after if each.is_error and key_of(each) not in before
            ]
            if not new and count > 1:
                title = f"write the shapes that are found in all {count} assertions"
                yield Candidate(ALL_ASSERTIONS, Fix(title, fix.edits, is_strong=False))
            if len(new) != 1 or new[0].code != finding.code:
                return
            fix = joined(fix, new[0].proposals[0], finding, new[0])
            count += 1

    def uncovered(
        self, finding: Diagnostic, before: Errors, until: int
    ) -> Iterator[Candidate]:
        """What the compiler proposes, with each fix of the one error that it uncovers.

        add: [conv(4, k=3, p=1), relu]    YAML splits the call, which needs quotes; then
                                          its channels do not fit
        """
        for first in finding.proposals if finding.is_error else ():
            if any(edit.span.source is not self.source for edit in first.edits):
                continue
            text = apply_edits(self.source, first.edits)
            after, lowered = Findings(), self.lowered
            self.checked(text, self.variant, after)
            if self.lowered + MIN_CHECKS * (self.lowered - lowered) > until:
                return
            new = [
                each for each in after if each.is_error and key_of(each) not in before
            ]
            if len(new) == 1 and new[0].primary.span.source is text:
                other = self.of_text(text)
                fixes = other.working(new[0], _errors(after), until)
                self.lowered = other.lowered
                for place, second in enumerate(fixes):
                    both = joined(first, second, finding, new[0])
                    cost = UNCOVERED + place * (
                        2 * MARGIN if fixes[0].is_strong else 0.01
                    )
                    yield Candidate(cost, both)

    def of_text(self, text: Source) -> Verification:
        """The same for a text that a fix has made, in the variant of the report alone."""
        document = None
        with suppress(TooMany):
            document = parse_document(text, Findings())
        return replace(
            self,
            source=text,
            document=document,
            others=(),
            edited=None,
            is_uncovered=True,
        )

    def within(
        self, finding: Diagnostic, before: Errors, until: int, found: Sequence[Working]
    ) -> Iterator[Candidate]:
        """Candidates up to the bound; behind it, a few that are nearly sure to work."""
        own = [fix.edits for fix in finding.proposals]
        for each in self.candidates(finding, before, until, found):
            if self.lowered > until + MAX_BEHIND:
                break
            is_sure = each.cost in (SMALLEST_INPUT, UNCOVERED)
            is_sure |= each.cost >= LAST_RESORT
            if self.lowered <= until or is_sure or each.fix.edits in own:
                yield each

    def candidates(
        self, finding: Diagnostic, before: Errors, until: int, found: Sequence[Working]
    ) -> Iterator[Candidate]:
        """What to try, the likeliest first; some only if nothing is `found` before."""
        searched = stated = False
        is_last = self.is_uncovered
        for each in [*candidates(finding, self.document), None]:
            cost = each.cost if each else LAST_RESORT
            if cost > SMALLEST_INPUT and not searched:
                searched = True
                yield from self.larger_input(finding, before, until)
            if cost > ALL_ASSERTIONS and not stated:
                stated = True
                if any(each.network == ANOTHER_INPUT for each in found):
                    yield from self.all_assertions(finding, before, until)
            if cost > UNCOVERED and not is_last:
                is_last = True
                if not found and self.lowered <= until:
                    yield from self.uncovered(finding, before, until)
            if each and not (self.is_uncovered and cost > UNCOVERED):
                yield each

    def larger_input(
        self, finding: Diagnostic, before: Errors, until: int
    ) -> Iterator[Candidate]:
        """The smallest square input that a network takes, where a window is too large.

        Up to the bound: a large network gets one that is a few pixels larger.
        """
        size = square_input(self.document) if self.document else None
        if finding.code != "empty-output" or not self.document or not size:
            return
        allowed = before - Counter([key_of(finding)])
        larger = (size * factor for factor in (2, 4, 8))
        high = next((each for each in larger if self.takes(each, allowed)), None)
        if high is None:
            return
        low = high // 2
        while high - low > 1 and self.lowered < until:
            middle = (low + high) // 2
            low, high = (low, middle) if self.takes(middle, allowed) else (middle, high)
        yield input_of_size(self.document, high)

    def with_factor(
        self, working: Working, finding: Diagnostic, before: Errors
    ) -> Working:
        """Another input, with what its heights and widths have in common that fit."""
        fix = working.fix
        image = image_of(self.document) if self.document else None
        sizes = tuple(map(int, fix.edits[0].text.split("x")))
        if image is None or len(sizes) != 3 or sizes[0] != image.sizes[0]:
            return working
        for factor in divisors(gcd(*sizes[1:])):
            if factor > MAX_FACTOR:
                break
            if not any(size % factor for size in image.sizes[1:]):
                continue  # the image, which does not fit, is divisible, too
            larger = [
                (sizes[0], sizes[1] + factor * n, sizes[2] + factor * n) for n in (1, 2)
            ]
            inputs = [input_of(image, each, working.cost) for each in larger]
            if all(self.tried(each, finding, before) for each in inputs):
                rule = f"heights and widths divisible by {factor} fit"
                title = f"{fix.title}, as {rule}"
                return working._replace(fix=fix._replace(title=title))
        return working

    def takes(self, size: int, allowed: Errors) -> bool:
        """Whether all shapes of the network fit with a square input of a size."""
        assert self.document
        assert self.edited
        edits = input_of_size(self.document, size).fix.edits
        tree = self.edited.after(edits, apply_edits(self.source, edits))
        return tree is not None and self.fits(tree, allowed)

    def tried(
        self, candidate: Candidate, finding: Diagnostic, before: Errors
    ) -> Working | None:
        """The candidate with its network, if it removes its finding and adds no error."""
        fix = candidate.fix
        if any(edit.span.source is not self.source for edit in fix.edits):
            return None
        text = apply_edits(self.source, fix.edits)
        allowed = before - Counter([key_of(finding)])
        tree = self.edited.after(fix.edits, text) if self.edited else None
        if tree and not self.fits(tree, allowed):
            return None
        findings = FindingsUpTo(allowed)
        try:
            graph = self.checked(text, self.variant, findings)
        except NewError:
            return None
        if not finding.is_error and key_of(finding) in map(key_of, findings):
            return None
        if before[key_of(finding)] > 1 and is_still_there(finding, fix, findings):
            return None
        for variant in self.others:
            if self.was_valid(variant) and not self.passes(text, variant, Counter()):
                return None
        if is_indentation(fix) and findings.has_errors:
            return None  # it only merges lines with errors
        cost = candidate.cost + PER_ERROR * findings.errors
        effect = "" if findings.errors else _effect(graph)
        return Working(cost, fix, self.network(graph, fix), effect)

    def network(self, graph: Graph | None, fix: Fix) -> Hashable:
        """What two texts of one network share."""
        inputs = self.document.inputs if self.document else ()
        if fix.edits[0].span in [each.name.span for each in inputs]:
            return ANOTHER_INPUT  # one size is enough
        if graph is None:
            return fix
        return tuple((n.op, n.output.shape, n.parameters) for n in graph.nodes)

    def was_valid(self, variant: str | None) -> bool:
        """Whether a variant was valid before any fix."""
        if variant not in self.valid:
            self.valid[variant] = self.passes(self.source, variant, Counter())
        return self.valid[variant]

    def fits(self, tree: Document, allowed: Errors) -> bool:
        """Whether all shapes of a syntax tree fit, in a quick check."""
        assert self.edited
        findings = FindingsUpTo(allowed)
        try:
            with suppress(TooMany):
                self.try_shapes(tree, findings, self.edited.block_outputs)
        except NewError:
            return False
        finally:
            self.lowered += findings.lowered + STEPS_PER_TRIAL
        return True

    def passes(self, spec: Source, variant: str | None, allowed: Errors) -> bool:
        """Whether a text has no error but those that are allowed."""
        try:
            self.checked(spec, variant, FindingsUpTo(allowed))
        except NewError:
            return False
        return True

    def checked(
        self, spec: Source, variant: str | None, findings: Findings
    ) -> Graph | None:
        """Check a text, and count the work."""
        try:
            with suppress(TooMany):
                return self.check(spec, variant, findings)
            return None
        finally:
            self.lowered += findings.lowered + len(spec.text) // CHARACTERS_PER_STEP


def is_still_there(finding: Diagnostic, fix: Fix, after: Iterable[Diagnostic]) -> bool:
    """Whether a finding stays where it is: the fix has removed an equal one elsewhere."""
    start = finding.primary.span.start
    low, high = start, start + 1
    for (_, first, end), text in fix.edits:
        if end <= start:
            low, high = (place + len(text) - (end - first) for place in (low, high))
    for (_, first, end), text in fix.edits:
        if first <= start < end:  # within the new text, if it is there
            low, high = low - (start - first), low - (start - first) + len(text)
    equal = (each for each in after if key_of(each) == key_of(finding))
    return any(low <= each.primary.span.start < high for each in equal)


def is_indentation(fix: Fix) -> bool:
    """Whether a fix changes nothing but the spaces before lines."""
    return all(
        [*map(str.strip, edit.text.split("\n"))]
        == [*map(str.strip, edit.span.text.split("\n"))]
        and edit.span.start in edit.span.source.line_starts
        for edit in fix.edits
    )


def _effect(graph: Graph | None) -> str:
    """The output and the parameters of a network, which tell fixes apart."""
    if graph is None:
        return ""
    shapes = [str([*plain(port.value.shape)]) for port in graph.outputs]
    parameters = sum(node.parameters for node in graph.nodes)
    return f"output {', '.join(shapes)}, {parameters:,} parameters"


def _errors(diagnostics: Iterable[Diagnostic]) -> Errors:
    return Counter(key_of(each) for each in diagnostics if each.is_error)
