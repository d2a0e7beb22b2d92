"""Joins of one branch, which is the branch itself."""

from __future__ import annotations

from collections.abc import Iterator

from archspec.frontend.ast import Each, Merge, Step
from archspec.frontend.step_traversal import children
from archspec.lints.lint import LintedSpec, LintFinding


def single_branch(spec: LintedSpec) -> Iterator[LintFinding]:
    """Find joins that are written with one branch; an `each` may be several."""
    document = spec.document
    bodies = [block.body for block in document.blocks]
    for body in [*bodies, document.net] if document.net else bodies:
        yield from _joins_of_one(body)


def _joins_of_one(step: Step) -> Iterator[LintFinding]:
    match step:
        case Merge(branches=(branch,)) if not isinstance(branch, Each):
            message = f"`{step.kind}` joins branches, found one"
            help = f"add `identity` as a second branch, or omit `{step.kind}`"
            yield LintFinding("single-branch", message, step.span, help)
    for child in children(step):
        yield from _joins_of_one(child)
