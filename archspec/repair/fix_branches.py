"""Which edit in one branch lets branches be joined.

    add:
      - conv(8, k=3) | bn     # write `conv(8, k=3, p=1)` in branch 1
      - identity

Each candidate is lowered at its place before it is proposed.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from archspec.diagnostics.diagnostic import Edit, Fix
from archspec.frontend.ast import (
    Argument,
    Call,
    Chain,
    Expression,
    Labeled,
    Literal,
    Name,
    Step,
)
from archspec.frontend.step_traversal import calls_in, replace_call
from archspec.ir import graph as ir
from archspec.lowering.faults import MergeFault, merged_shape
from archspec.lowering.provenance import format_shape
from archspec.repair.candidates import (
    STRIDES,
    Cost,
    candidates,
    natural_padding,
    parameter_of,
)
from archspec.repair.edits import CallEdit
from archspec.repair.proposal import Proposal
from archspec.repair.search import Search

MAX_CALLS = 12  # of a branch, in which edits are tried


def fix_branches(fault: MergeFault, search: Search) -> Proposal:
    """What to write in which branch; nothing where no edit of one call helps."""
    if search.is_over or fault.context.scope.environment.bundled:
        return Proposal()
    fix = _BranchFix(fault, search)
    if chain := next(filter(None, map(fix.with_paddings, fix.odd)), None):
        return Proposal((chain.title,), (chain,))
    fixes = [*filter(None, [fix.best_edit()])]
    helps = [fix.title for fix in fixes]
    for number in fix.odd:
        if shortcut := fix.shortcut(number):
            words = f"write `{shortcut}` in place of `identity`"
            helps.append(f"or {words}" if helps else words)
            edit = Edit(fault.merge.branches[number].span, shortcut)
            fixes.append(Fix(words, (edit,)))
    return Proposal((*helps,), (*fixes,))


@dataclass(frozen=True, slots=True)
class _BranchFix:
    """Edits of the branches that differ from the others."""

    fault: MergeFault
    search: Search

    @property
    def odd(self) -> list[int]:
        return self.fault.odd_branches

    def branch(self, number: int) -> Step:
        return self.fault.merge.branches[number]

    def wanted(self, number: int) -> ir.Shape:
        """The shape of another branch."""
        return self.fault.shapes[number - 1]

    def best_edit(self) -> Fix | None:
        """The likeliest edit of one call that works."""
        found = [
            (cost, number, edit)
            for number in self.odd
            for cost, edit in self.candidates(number)
        ]
        for _, number, edit in sorted(found, key=lambda each: each[0]):
            step = replace_call(self.branch(number), edit.call, edit.applied())
            if shape := self.shape_with(number, step):
                return Fix(self.in_words(number, edit.text, shape), (edit.edit,))
        return None

    def candidates(self, number: int) -> Iterator[tuple[Cost, CallEdit]]:
        """Edits of one argument of one call in a branch; the least cost is likeliest."""
        within = [*islice(calls_in(self.branch(number)), MAX_CALLS)]
        width = int(self.wanted(number).channels)
        for place, call in enumerate(reversed(within)):
            for cost, edit in candidates(call, width, self.fault.context):
                yield (*cost, len(within), place), edit

    def with_paddings(self, number: int) -> Fix | None:
        """The chain with all of its missing paddings, where there are several."""
        step = branch = self.branch(number)
        chain = branch.step if isinstance(branch, Labeled) else branch
        if not isinstance(chain, Chain):
            return None
        context = self.fault.context
        edits = [e for call in chain.calls if (e := natural_padding(call, context))]
        for edit in edits:
            step = replace_call(step, edit.call, edit.applied())
        shape = self.shape_with(number, step) if len(edits) > 1 else None
        if shape is None:
            return None
        texts = {id(edit.call): edit.text for edit in edits}
        text = " | ".join(texts.get(id(c), c.span.text) for c in chain.calls)
        words = self.in_words(number, text, shape)
        return Fix(words, tuple(edit.edit for edit in edits))

    def shortcut(self, number: int) -> str:
        """A convolution in place of a plain `identity` in a sum, if one matches."""
        branch, wanted = self.branch(number), self.wanted(number)
        if self.fault.kind != "add" or wanted.axes != "CHW" or not _is_identity(branch):
            return ""
        width = int(wanted.channels)
        for stride in STRIDES:
            call = _pointwise_conv(branch, width, stride)
            if self.shape_with(number, Chain(branch.span, (call,))):
                shown = parameter_of(width, self.fault.context) or width
                return f"conv({shown}, k=1" + f", s={stride}" * (stride > 1) + ")"
        return ""

    def shape_with(self, number: int, step: Step) -> ir.Shape | None:
        """The output of another step in place of a branch, if the branches then match."""
        y = self.search.try_step(step, self.fault.input, self.fault.context)
        shapes = list(self.fault.shapes)
        if y is None or y.spatial not in {shape.spatial for shape in shapes}:
            return None
        shapes[number] = y
        return y if merged_shape(self.fault.kind, shapes) else None

    def in_words(self, number: int, text: str, shape: ir.Shape) -> str:
        branch = self.branch(number)
        where = f"branch {number + 1}"
        if isinstance(branch, Labeled):
            where = f"`{branch.label.span.text}`"
        makes = f"which then makes {format_shape(shape)}"
        if len(self.odd) == 1:
            return f"{where} is off: write `{text}` there, {makes}"
        return f"write `{text}` in {where}, {makes}"


def _is_identity(step: Step) -> bool:
    return isinstance(step, Chain) and [c.name.id for c in step.calls] == ["identity"]


def _pointwise_conv(step: Step, width: int, stride: int) -> Call:
    """`conv(width, k=1, s=stride)`, at the place of a step."""
    span = step.span
    arguments: list[tuple[Name | None, Expression]] = [
        (None, Literal(span, width)),
        (Name(span, "k"), Literal(span, 1)),
        (Name(span, "s"), Literal(span, stride)),
    ]
    return Call(
        span,
        Name(span, "conv"),
        tuple(Argument(span, keyword, value) for keyword, value in arguments),
    )
