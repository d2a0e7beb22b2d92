"""Edits of a spec that may remove a finding, the likeliest first.

They are read from the syntax tree alone: `verification` finds which of them work.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from itertools import pairwise

from archspec.diagnostics.diagnostic import Diagnostic, Edit
from archspec.frontend.ast import (
    BlockDefinition,
    Call,
    Chain,
    Document,
    Group,
    Labeled,
    RepeatFor,
    RepeatTimes,
)
from archspec.repair.argument_edits import (
    CallEdit,
    CallPlace,
    Edits,
    argument_edits,
    names_of,
    valid_values,
    value_edits,
)
from archspec.repair.block_edits import block_edits, steps_in
from archspec.repair.bracket_edits import bracket_edits
from archspec.repair.call_edits import edited
from archspec.repair.document_edits import (
    at_like_calls,
    bodies,
    input_edits,
    proposed,
    row_edits,
    without_input,
)
from archspec.repair.edit_costs import (
    LIKE_ANOTHER,
    LOST_NAME,
    PAD_NOTHING,
    PER_CALL,
    UNLIKE_ANOTHER,
    Candidate,
)
from archspec.repair.join_edits import join_edits
from archspec.repair.lost_parts import lost_parts
from archspec.repair.offered_code import offered_code
from archspec.repair.recursion_edits import recursion_edits
from archspec.repair.step_edits import (
    REDUCING,
    appended,
    chain_edits,
    copied,
    enlarged,
    inserted_before,
    other_labels,
    swap_cost,
)
from archspec.repair.syntax_edits import syntax_edits
from archspec.repair.torch_calls import torch_calls
from archspec.repair.train_edits import train_edits

VALUE_CODES = (
    "empty-repeat",
    "index-out-of-range",
    "invalid-argument",
    "invalid-argument-type",
    "missing-argument",
    "too-many-arguments",
    "unequal-columns",
)
SHAPE_CODES = (
    "axes-mismatch",
    "channel-mismatch",
    "dangling-ref",
    "empty-output",
    "indivisible-groups",
    "indivisible-split",
    "invalid-argument",
    "misplaced-ref",
    "missing-ref",
    "output-mismatch",
    "shape-assertion",
    "single-branch",
    "size-mismatch",
    "unflattened-input",
    "unpaired-op",
    "unread-step",
    "wrong-rank",
)
SIZE_CODES = ("empty-output", "size-mismatch")
AXIS_CODES = ("unflattened-input", "wrong-rank")
COUNT_CODES = ("missing-argument", "too-many-arguments")  # a fix invents or loses one
PASSED_ON = re.compile(r"\b(\w+)=\1$")  # `s=s`: the parameter of a block
# Calls that nobody means: `maxpool(1, s=1)` does nothing, `conv(8, k=1, p=1)` adds zeros.
USELESS = re.compile(r"(max|avg)pool\((k=)?1\b|conv\(.*\bk=1, (.*, )?p=[1-9]")
WORD = re.compile(r"\w+")
MAX_CALLS = 60  # nearest to a finding, of which edits are tried
MAX_LABELS = 30  # that are tried in a `ref`
NEAR = 4  # calls, beside which another one may be missing


def candidates(finding: Diagnostic, document: Document | None) -> list[Candidate]:
    """Edits for a finding, in the order in which to try them."""
    found = [*syntax_edits(finding), *bracket_edits(finding), *torch_calls(finding)]
    if document is None:
        found += [Candidate.of(1.0, fix.title, *fix.edits) for fix in finding.proposals]
    else:
        found += proposed(finding, document)
        if finding.code == "unread-input":
            found += without_input(finding)
        if finding.code == "recursive-block":
            found += recursion_edits(finding, document)
        found += train_edits(finding, document)
        if finding.code in VALUE_CODES:
            found += _valid_values(finding, document)
        if finding.is_error:
            found += lost_parts(finding, document)
            found += join_edits(finding, document)
        if finding.code in (*SHAPE_CODES, *VALUE_CODES):
            found += _SpecEdits(finding, document).found()
    if finding.is_error:
        found += offered_code(finding)
    unique: dict[object, Candidate] = {}
    for each in sorted(found, key=lambda each: each.cost):
        key = tuple((e.span.start, e.span.end, e.text) for e in each.fix.edits)
        unique.setdefault(key, each)
    return [*unique.values()]


def _valid_values(finding: Diagnostic, document: Document) -> Iterator[Candidate]:
    """Values in place of an invalid one that no call of a step has as an argument."""
    at = finding.primary.span
    params = [
        value.span for name, value in document.params if value and name.id == at.text
    ]
    for span in (at, *params):
        for cost, edit, _ in valid_values(span):
            yield Candidate.weak(cost + 0.02, f"write `{edit.text}`", edit)


class _SpecEdits:
    """The edits of a spec for one finding."""

    def __init__(self, finding: Diagnostic, document: Document) -> None:
        self.finding, self.document = finding, document
        self.at = finding.primary.span
        self.is_shape = finding.code in SHAPE_CODES
        self.is_value = finding.code in VALUE_CODES
        is_gate = self.at.text == "mul"  # whose branches may differ in both
        self.concerns = "sizes" * (finding.code in SIZE_CODES and not is_gate)
        if finding.code == "channel-mismatch" and not finding.proposals:
            self.concerns = "channels"
        labels = [label for body, _ in bodies(document) for label in _labels(body)]
        self.labels = labels[:MAX_LABELS]
        self.blocks = {block.name.id: block for block in document.blocks}
        chains = [
            (chain, block)
            for body, block in bodies(document)
            for chain in steps_in(body)
            if isinstance(chain, Chain) and not self.is_later(chain, block)
        ]
        self.repeated = {
            id(chain)
            for body, block in bodies(document)
            for step in steps_in(body)
            if block or isinstance(step, RepeatTimes | RepeatFor)
            for chain in steps_in(step)
        }
        self.chains = sorted(chains, key=lambda each: self.distance(each[0]))
        calls = [c for body, _ in bodies(document) for c in _calls(body)]
        self.texts = Counter(" ".join(call.span.text.split()) for call in calls)
        self.calls: dict[str, list[Call]] = {}
        for call in calls:
            self.calls.setdefault(call.name.id, []).append(call)

    def is_later(self, chain: Chain, block: BlockDefinition | None) -> bool:
        """Whether a chain of `net` stands behind all that the finding shows."""
        labels = [self.finding.primary, *self.finding.related]
        spans = [label.span for label in labels]
        ends = [span.end for span in spans if span.source is chain.span.source]
        return block is None and chain.span.start > max(ends, default=0)

    def distance(self, chain: Chain) -> int:
        return abs(chain.span.start - self.at.start)

    def found(self) -> Iterator[Candidate]:
        yield from row_edits(self.finding, self.document)
        if self.is_shape:
            yield from input_edits(self.finding, self.document)
            yield from at_like_calls(self.document)
            for body, block in bodies(self.document):
                yield from block_edits(body, block, self.finding)
                yield from self.swapped_steps(body)
        yield from self.in_chains()

    def swapped_steps(self, body: object) -> Iterator[Candidate]:
        """Neighboring chains of a list in the other order, also `tied(a)` and `a: relu`."""
        kinds: tuple[type, ...] = (Chain,)
        if self.finding.code == "dangling-ref":
            kinds = (Chain, Labeled)
        for step in steps_in(body):  # type: ignore[arg-type]
            if not isinstance(step, Group):
                continue
            for first, second in pairwise(step.steps):
                if isinstance(first, kinds) and isinstance(second, kinds):
                    above, below = first.span, second.span
                    texts = [" ".join(span.text.split()) for span in (above, below)]
                    title = f"swap `{texts[0]}` and `{texts[1]}`"
                    edits = Edit(above, below.text), Edit(below, above.text)
                    if above.text != below.text:
                        yield Candidate.of(swap_cost(above, below), title, *edits)

    def in_chains(self) -> Iterator[Candidate]:
        """Edits of calls, those near the finding first."""
        number = 0
        for chain, block in self.chains:
            if self.is_shape and number < MAX_CALLS:
                for _, edit in chain_edits(chain):
                    yield without_loss(self.candidate(edit, number), block)
            for call in chain.calls[::-1]:
                if number >= MAX_CALLS or call.span.end <= call.name.span.start:
                    continue
                repeated = id(chain) in self.repeated
                for edit in self.of_call(call, block, number, is_repeated=repeated):
                    if not USELESS.match(edited(call, edit.edit)):
                        found = self.candidate(edit, number, call)
                        yield without_loss(found, block)
                number += 1

    def of_call(
        self,
        call: Call,
        block: BlockDefinition | None,
        number: int,
        *,
        is_repeated: bool,
    ) -> Edits:
        like = tuple(c for c in self.calls[call.name.id] if c is not call)
        end = call.assertion.span.end if call.assertion else call.span.end
        is_here = call.span.start <= self.at.start < end
        has_wrong_count = self.finding.code == "channel-mismatch"
        has_wrong_count &= bool(self.finding.proposals)
        numbers = self.finding.numbers
        place = CallPlace(
            call,
            block,
            numbers,
            like,
            self.blocks.get(call.name.id),
            is_repeated,
            self.concerns,
            has_wrong_count,
        )
        if self.is_value and (is_here or self.is_shown(call)):
            is_guess = self.finding.code in COUNT_CODES
            for cost, edit, is_strong in value_edits(place):
                is_named = PASSED_ON.search(edit.text) is not None
                yield CallEdit(cost, edit, is_strong and (is_named or not is_guess))
        if not self.is_shape:
            return
        yield from argument_edits(place)
        yield from enlarged(call)
        yield from other_labels(call, self.labels, is_dangling=is_here)
        if self.finding.code in AXIS_CODES or (is_here and call.assertion):
            yield from appended(call)
        if is_here:
            yield from inserted_before(call)
        if number < NEAR:
            others = [t for t in self.texts if t.split("(")[0] in REDUCING]
            yield from copied(call, others[:6])

    def is_shown(self, call: Call) -> bool:
        spans = [label.span for label in self.finding.related]
        return any(s.start <= call.span.start < s.end for s in spans)

    def candidate(
        self, each: CallEdit, distance: int, call: Call | None = None
    ) -> Candidate:
        cost, edit, is_strong = each
        pads = "p=" in edit.text and "p=" not in edit.span.text
        more = PAD_NOTHING * (pads and self.finding.code == "empty-output")
        if call and edit.span != call.span:
            text = edited(call, edit)
            before = " ".join(call.span.text.split())
            more += LIKE_ANOTHER * (text in self.texts and call.name.id != "ref")
            more += UNLIKE_ANOTHER * (self.texts[before] > 1)
            title = f"write `{text}`"
        else:
            title = f"write `{edit.text}`" if edit.text else _left_out(edit)
        line = edit.span.line
        if line != self.at.line:
            title += f" in line {line}"
        found = Candidate.of(cost + more, title, edit)
        if call and call.name.id == "ref" and self.finding.code == "dangling-ref":
            is_strong = False
        if not is_strong:
            found = Candidate(found.cost, found.fix._replace(is_strong=False))
        return found._replace(cost=found.cost + PER_CALL * distance)


def without_loss(found: Candidate, block: BlockDefinition | None) -> Candidate:
    """An edit as a guess, if it removes the one use of a parameter of its block.

    `conv(a, c, k=3)` to `conv(a, k=3)` leaves `c` unused.
    """
    if block is None:
        return found
    edit = found.fix.edits[0]
    lost = {*WORD.findall(edit.span.text)} - {*WORD.findall(edit.text)}
    used = Counter(WORD.findall(block.body.span.text))
    is_lost = any(used[name] == 1 for name in lost.intersection(names_of(block)))
    return found.weakened(LOST_NAME) if is_lost else found


def _left_out(each: object) -> str:
    text = " ".join(each.span.text.split()).strip(" |")  # type: ignore[attr-defined]
    return f"remove `{text}`"


def _calls(body: object) -> Iterator[Call]:
    for step in steps_in(body):  # type: ignore[arg-type]
        if isinstance(step, Chain):
            yield from step.calls


def _labels(body: object) -> Iterator[str]:
    for step in steps_in(body):  # type: ignore[arg-type]
        if isinstance(step, Labeled):
            yield step.label.span.text
