"""Projections on shortcuts, conditions, and other joins.

add: [conv(cout, k=3, p=1), identity]
  - if: cin != cout
    then: conv(cout, k=1)
    else: identity
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from archspec.diagnostics.diagnostic import Diagnostic, Edit
from archspec.frontend.ast import BlockDefinition, Chain, If, Merge, Step
from archspec.frontend.step_traversal import children
from archspec.repair.argument_edits import NO_WIDTHS, names_of
from archspec.repair.call_edits import positional
from archspec.repair.edit_costs import CONDITION, JOIN, PROJECTION, Candidate

CURRENT = re.compile(r"\b(cin|ch)\b")
JOINS = ("add", "concat", "mul")
SIGNS = (("!=", "=="), ("==", "!="), (" and ", " or "), (">", "<"), ("<", ">"))


def block_edits(
    body: Step, block: BlockDefinition | None, finding: Diagnostic
) -> Iterator[Candidate]:
    """Edits of the steps of a body that are no calls."""
    own = [*names_of(block), *widths_of(body)] if block else map(str, finding.numbers)
    widths = [
        name
        for name in dict.fromkeys(own)
        if name not in NO_WIDTHS and not CURRENT.search(name)
    ]
    for step in steps_in(body):
        match step:
            case Merge(kind=kind) if kind in JOINS:
                for other in JOINS:
                    if other != kind:
                        edit = Edit(step.span, other)
                        is_here = step.span == finding.primary.span
                        is_wide = len(step.branches) > 2  # few sums have so many terms
                        cost = JOIN - 0.15 * is_here - 0.35 * (is_here and is_wide)
                        yield Candidate.of(cost, f"write `{other}`", edit)
                if kind == "add":
                    for branch in step.branches:
                        yield from projections(branch, block, widths, None)
            case If():
                yield from projections(step.then, block, widths, step)
                yield from conditions(step, block, widths)


def steps_in(step: Step) -> Iterator[Step]:
    """A step and all steps in it."""
    yield step
    for child in children(step):
        yield from steps_in(child)


def widths_of(body: Step) -> Iterator[str]:
    """The output channels of the last convolution of each branch."""
    for step in steps_in(body):
        if isinstance(step, Chain):
            for call in reversed(step.calls):
                if call.name.id == "conv" and (given := positional(call)[-1:]):
                    yield given[0].value.span.text
                    break


def projections(
    step: Step, block: BlockDefinition | None, widths: list[str], around: If | None
) -> Iterator[Candidate]:
    """A convolution in place of `identity`, in those calls of a block that need one."""
    if not isinstance(step, Chain) or step.span.text != "identity":
        return
    names = names_of(block)
    indent = "\n" + " " * (step.span.column - 1)
    for place, width in enumerate(widths):
        for stride in ["s"] if "s" in names else ["", "2", "4"]:
            conv = f"conv({width}, k=1{f', s={stride}' if stride else ''})"
            text, title = conv, f"write `{conv}` in place of `identity`"
            cost = PROJECTION + place / 50 + len(stride) / 50
            if block and not around:
                test = f"cin != {width}"
                test = f"s != 1 or {test}" if stride == "s" else test
                text = f"if: {test}{indent}then: {conv}{indent}else: identity"
                title = f"write `{conv}` where `{test}`"
            yield Candidate.of(cost, title, Edit(step.span, text))


def conditions(
    step: If, block: BlockDefinition | None, widths: list[str]
) -> Iterator[Candidate]:
    """Another comparison, and the condition of a usual shortcut."""
    span = step.condition.span
    found = [span.text.replace(old, new, 1) for old, new in SIGNS if old in span.text]
    names = names_of(block)
    if "cin" in span.text or "s " in span.text:
        for width in widths:
            test = f"cin != {width}"
            found.append(f"s != 1 or {test}" if "s" in names else test)
            test = f"cin == {width}"
            found.append(f"s == 1 and {test}" if "s" in names else test)
    for place, text in enumerate(dict.fromkeys(found)):
        if text != span.text:
            is_other_way = "<" in text or ">" in text
            cost = CONDITION + place / 50 + is_other_way
            yield Candidate.of(cost, f"write `{text}`", Edit(span, text))
