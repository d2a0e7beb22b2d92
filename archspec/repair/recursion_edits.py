"""The end of a block that calls itself: an argument that counts down to it.

level(c, depth)        level(c, depth - 1)
level(c, depth + 1)    level(c, depth - 1)
level(c, depth)        if: depth > 0
                       then: level(c, depth - 1)
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from archspec.diagnostics.diagnostic import Diagnostic, Edit
from archspec.frontend.ast import Call, Chain, Document, If, Merge
from archspec.repair.argument_edits import names_of
from archspec.repair.block_edits import steps_in
from archspec.repair.call_edits import edited, quoted, with_value
from archspec.repair.edit_costs import ADDED, REMOVED, VALUE, Candidate
from archspec.repair.step_edits import without_call

COUNTER = re.compile(r"(\w+)(?: *(?:[-+*/%]|//|\*\*) *\w+)?")  # `n`, `n + 1`, `n - 2`


def recursion_edits(finding: Diagnostic, document: Document) -> Iterator[Candidate]:
    """Edits of the call with which a recursion does not end."""
    at = finding.primary.span
    for block in document.blocks:
        names = names_of(block)
        steps = [*steps_in(block.body)]
        branches = {id(b) for s in steps if isinstance(s, Merge) for b in s.branches}
        for step in steps:
            if isinstance(step, If):
                yield from _ordered(step)
            if isinstance(step, Chain):
                for call in step.calls:
                    if call.name.span == at:
                        yield from _ends(call, step, names, id(step) in branches)


def _ordered(step: If) -> Iterator[Candidate]:
    """A condition that a count cannot skip: `n > 0` for `n != 0`."""
    span = step.condition.span
    if "!=" in span.text:
        text = span.text.replace("!=", ">")
        yield Candidate.weak(VALUE, f"write `{text}`", Edit(span, text))


def _ends(
    call: Call, chain: Chain, names: list[str], is_branch: bool
) -> Iterator[Candidate]:
    for given in call.arguments:
        counter = COUNTER.fullmatch(given.value.span.text)
        if not counter or counter[1] not in names:
            continue
        less = with_value(given, f"{counter[1]} - 1")
        text = edited(call, less)
        yield Candidate.weak(ADDED, f"write `{text}`", less)
        test = f"{counter[1]} > 0"
        title = f"write `{text}` where `{test}`"
        parts = [text if each is call else each.span.text for each in chain.calls]
        arms = [f"if: {test}", f"then: {' | '.join(parts)}"]
        arms += ["else: identity"] * is_branch
        yield Candidate.weak(VALUE, title, _in_place_of(chain, arms))
    if len(chain.calls) > 1:
        title = f"remove `{call.span.text}`"
        yield Candidate.weak(REMOVED, title, without_call(chain, call))


def _in_place_of(chain: Chain, arms: list[str]) -> Edit:
    """An `if` in place of a step, on lines of its own or in braces."""
    source = chain.span.source
    start, end = quoted(chain.span)
    lead = source.line(chain.span.line)[: source.position(start)[1] - 1]
    text = f"\n{' ' * len(lead)}".join(arms)
    if lead.strip(" -"):
        condition, then, *otherwise = arms
        then = 'then: "' + then.removeprefix("then: ") + '"'
        text = f"{{{', '.join([condition, then, *otherwise])}}}"
    return Edit(source.span(start, end), text)
