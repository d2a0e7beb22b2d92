"""Edits of joins: a branch more or less, channels that a `split` can divide.

concat: [ref(fine)]              concat: [ref(fine), ref(coarse)]
add: [identity, maxpool(2)]      add: [identity, maxpool(2) | upsample(2)]
sub: [identity, {each: ...}]     sub: [identity, {add: [{each: ...}]}]
split: [identity, relu]          split: [identity, relu]
                                 sizes: [2, 1]
"""

from __future__ import annotations

from collections.abc import Iterator

from archspec.diagnostics.diagnostic import Diagnostic, Edit
from archspec.diagnostics.source import Span
from archspec.frontend.ast import (
    BlockDefinition,
    Chain,
    Document,
    Group,
    Labeled,
    Merge,
    Step,
)
from archspec.frontend.step_traversal import starts_with_ref
from archspec.repair.block_edits import steps_in
from archspec.repair.call_edits import quoted
from archspec.repair.document_edits import bodies
from archspec.repair.edit_costs import ADDED, INSERTED, JOIN, VALUE, Candidate
from archspec.repair.lost_parts import is_in, left_out
from archspec.repair.syntax_edits import last_of_block

UNREAD = ("unread-input", "unread-step")


def join_edits(finding: Diagnostic, document: Document) -> Iterator[Candidate]:
    """Edits of the joins of a spec."""
    for body, block in bodies(document):
        if finding.code == "size-mismatch":
            yield from _enlarged(finding, body, block)
        if finding.code in UNREAD:
            yield from _branches(finding, body)
        if finding.code == "invalid-step":
            yield from _two_branches(finding, body)
        if finding.code == "misplaced-each":
            yield from _joined_rows(finding, body)
    if finding.code == "indivisible-split" and finding.numbers:
        yield from _sizes(finding)


def _branches(finding: Diagnostic, body: Step) -> Iterator[Candidate]:
    """A branch that reads what nothing reads, in each join that can take one."""
    at = finding.primary.span
    labels = ["identity"]
    if finding.code == "unread-input":
        labels = [f"ref({at.text})"]
    for step in steps_in(body):
        if isinstance(step, Labeled) and is_in(at, step.step):
            labels = [f"ref({step.label.span.text})", *labels]
    for step in steps_in(body):
        if not isinstance(step, Merge) or not step.branches:
            continue
        last = step.branches[-1]
        if not isinstance(last, Chain):
            continue
        for place, text in enumerate(labels):
            cost = ADDED + 0.5 * (len(step.branches) > 1) + place / 20
            edit = _behind(last.span, text)
            if edit:
                yield Candidate.of(cost, f"add the branch `{text}`", edit)


def _two_branches(finding: Diagnostic, body: Step) -> Iterator[Candidate]:
    """One branch more or less in a join that takes two: `sub: [relu]`."""
    at = finding.primary.span
    for step in steps_in(body):
        if not isinstance(step, Merge) or step.span != at:
            continue
        last = step.branches[-1]
        if len(step.branches) == 1 and (edit := _behind(last.span, "identity")):
            yield Candidate.of(ADDED, "add the branch `identity`", edit)
        elif len(step.branches) > 2 and (edit := left_out(last)):
            yield Candidate.weak(ADDED, f"remove `{last.span.text}`", edit)


def _behind(span: Span, text: str) -> Edit | None:
    """One more item behind that of a list, in brackets or on lines of its own."""
    source = span.source
    start, end = quoted(span)
    lead = source.line(span.line)[: source.position(start)[1] - 1]
    if not lead.strip(" -"):
        tail = source.text[end:].split("\n", 1)[0]
        at = end + len(tail)
        indent = " " * (len(lead.rstrip()) - 1)
        return Edit(source.span(at, at), f"\n{indent}- {text}")
    if source.text[end:].lstrip()[:1] in (",", "]"):
        return Edit(source.span(end, end), f", {text}")
    return None


def _enlarged(
    finding: Diagnostic, body: Step, block: BlockDefinition | None
) -> Iterator[Candidate]:
    """A branch enlarged, as after the recursion of a U-Net, which halves the size."""
    numbers = finding.numbers
    scales = [k for k in (2, 4) if {k * n for n in numbers} & {*numbers}]
    for step in steps_in(body):
        if not isinstance(step, Merge) or step.span != finding.primary.span:
            continue
        for chain in filter(None, map(_last_chain, step.branches)):
            if chain.span.text == "identity" or starts_with_ref(chain):
                continue  # `step_edits.enlarged`
            own = [call.name.id for call in chain.calls]
            is_recursion = block is not None and block.name.id in own
            end = chain.calls[-1].span.end
            for scale in scales:
                text = f" | upsample({scale})"
                cost = scale / 100 + (ADDED if is_recursion else INSERTED)
                edit = Edit(chain.span.source.span(end, end), text)
                title = f"write `{chain.span.text}{text}`"
                if chain.span.line != step.span.line:
                    title += f" in line {chain.span.line}"
                yield Candidate.weak(cost, title, edit)


def _last_chain(branch: Step) -> Chain | None:
    """The chain that makes the output of a branch."""
    match branch:
        case Chain():
            return branch
        case Labeled():
            return _last_chain(branch.step)
        case Group(steps=(*_, last)):
            return _last_chain(last)
    return None


def _joined_rows(finding: Diagnostic, body: Step) -> Iterator[Candidate]:
    """The rows of an `each` as one branch of a `sub`, and a join of any number of branches."""
    at = finding.primary.span
    for step in steps_in(body):
        if isinstance(step, Merge) and at in [branch.span for branch in step.branches]:
            whole = _mapping(at)
            text = f"add: [{{{whole.text}}}]"
            if not _is_in_braces(at):
                below = whole.text.replace("\n", "\n    ")
                text = f"add:\n{' ' * (at.column + 1)}- {below}"
            title = "join the rows of `each` with `add`"
            yield Candidate.weak(ADDED, title, Edit(whole, text))
            yield Candidate.weak(JOIN, "write `add`", Edit(step.span, "add"))


def _sizes(finding: Diagnostic) -> Iterator[Candidate]:
    """The sizes of a `split`, as equal as they can be."""
    at = finding.primary.span
    channels, lower, higher = finding.numbers
    share, rest = divmod(channels, higher - lower)
    sizes = [share + 1] * rest + [share] * (higher - lower - rest)
    text = f"sizes: {sizes}"
    separator = ", " if _is_in_braces(at) else f"\n{' ' * (at.column - 1)}"
    end = _mapping(at).end
    edit = Edit(at.source.span(end, end), separator + text)
    yield Candidate.weak(VALUE, f"add `{text}`", edit)


def _is_in_braces(key: Span) -> bool:
    return key.source.text[: key.start].rstrip().endswith("{")


def _mapping(key: Span) -> Span:
    """The mapping that starts with a key: up to its brace, or its lines."""
    source, start = key.source, key.start
    if _is_in_braces(key):
        depth = 0
        for end, sign in enumerate(source.text[start:], start):
            depth += (sign in "{[") - (sign in "}]")
            if depth < 0:
                return source.span(start, end)
    line = last_of_block(source, key.line, key.column - 1)
    end = source.line_starts[line - 1] + len(source.line(line).rstrip())
    return source.span(start, end)
