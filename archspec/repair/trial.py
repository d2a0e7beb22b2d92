"""Try an edit of a spec quickly: parse only what it changes, stop at the first new error.

conv(8, k=3) | relu     with `p=1` added: this chain is parsed again, and the syntax
                        tree of the spec is lowered with it in place of the old one
input: 3x32x32          so is the shape of an input
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from archspec.diagnostics.diagnostic import Diagnostic, Edit, Findings
from archspec.diagnostics.source import Source, Span
from archspec.frontend.ast import Chain, Document, Group, InputDefinition, Step
from archspec.frontend.call_parser import parse_chain
from archspec.frontend.document_parser import parse_sizes_of_shape
from archspec.frontend.step_traversal import children, replace_chains
from archspec.frontend.tokenizer import ParseError
from archspec.frontend.yaml.tree import Scalar
from archspec.lowering.block_outputs import BlockOutputs

Errors = Counter[tuple[str, str]]


class NewError(Exception):  # control flow: the trial ends
    """An error that an edit may not have."""


class FindingsUpTo(Findings):
    """Findings that end the run at the first error that is not allowed.

    Raises:
        NewError: from `add`.
    """

    def __init__(self, allowed: Errors) -> None:
        super().__init__()
        self.allowed = allowed
        self.seen: Errors = Counter()

    def fresh(self) -> FindingsUpTo:
        """The same bound, for a part of the run."""
        return FindingsUpTo(self.allowed)

    def add(self, diagnostic: Diagnostic) -> None:
        """Add a diagnostic, unless it is an error that is not allowed."""
        before = self.errors
        try:
            super().add(diagnostic)
        finally:  # at the bound on errors, too
            if self.errors > before:
                self.seen[key_of(diagnostic)] += 1
            if not self.seen <= self.allowed:
                raise NewError


def key_of(finding: Diagnostic) -> tuple[str, str]:
    """What two findings share that say the same."""
    return finding.code, finding.message


def apply_edits(source: Source, edits: Iterable[Edit]) -> Source:
    """The source with edits applied together; none overlaps another."""
    text = source.text
    for edit in sorted(edits, key=lambda edit: edit.span.start, reverse=True):
        text = text[: edit.span.start] + edit.text + text[edit.span.end :]
    return replace(source, text=text)


class EditedDocuments:
    """The syntax trees of a document after edits of its chains, or of its input."""

    def __init__(self, document: Document) -> None:
        bodies = [block.body for block in document.blocks]
        self.document = document
        self.block_outputs = BlockOutputs(document)
        self.chains = [
            chain
            for body in [*bodies, *filter(None, [document.net])]
            for chain in _chains_in(body)
            if "\n" not in chain.span.text
        ]

    def after(self, edits: Sequence[Edit], source: Source) -> Document | None:
        """The document of the edited text `source`; None if it has to be parsed whole."""
        if len(edits) == 1 and (inputs := self._inputs(edits[0])):
            return replace(self.document, inputs=inputs)
        new: dict[int, Chain] = {}
        for edit in edits:
            chain = self._around(edit.span)
            if chain is None or "\n" in edit.text:
                return None
            if id(chain) not in new:
                parsed = _parsed(_moved(_whole(chain), edits, source))
                if parsed is None:
                    return None
                new[id(chain)] = parsed
        document = self.document
        blocks = tuple(
            b
            if (body := replace_chains(b.body, new)) is b.body
            else b._replace(body=body)
            for b in document.blocks
        )
        net = document.net and replace_chains(document.net, new)
        assert net is None or isinstance(net, Group)
        return replace(document, blocks=blocks, net=net)

    def _inputs(self, edit: Edit) -> tuple[InputDefinition, ...]:
        """The one input with another shape, if an edit writes it."""
        first, *others = self.document.inputs or (None,)
        if first is None or others or edit.span != first.name.span:
            return ()
        sizes = parse_sizes_of_shape(edit.text)
        return (first._replace(sizes=sizes),) if sizes else ()

    def _around(self, span: Span) -> Chain | None:
        found = (c for c in self.chains if _whole(c).start <= span.start)
        return next((c for c in found if span.end <= _whole(c).end), None)


def _chains_in(step: Step) -> Iterator[Chain]:
    if isinstance(step, Chain):
        yield step
    for child in children(step):
        yield from _chains_in(child)


def _whole(chain: Chain) -> Span:
    """The place of a chain with the assertion at its end."""
    last = chain.calls[-1]
    end = last.assertion.span if last.assertion else last.span
    return chain.calls[0].span.to(end)  # the span has a `ref` that was moved out


def _moved(span: Span, edits: Sequence[Edit], source: Source) -> Span:
    """Where a span is after edits within it and elsewhere."""
    start, end = span.start, span.end
    for edit in edits:
        longer = len(edit.text) - len(edit.span.text)
        start += longer * (edit.span.end <= span.start and edit.span.start < span.start)
        end += longer * (edit.span.end <= span.end)
    return Span(source, start, end)


def _parsed(span: Span) -> Chain | None:
    try:
        return parse_chain(Scalar(span, span.text, span.text, ""))
    except ParseError:
        return None
