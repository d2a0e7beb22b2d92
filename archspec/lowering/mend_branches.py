"""Which change of one call makes branches fit together: each is tried, and lowered."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice

from archspec.diagnostics.diagnostic import Findings, TooMany
from archspec.frontend.ast import (
    Argument,
    Call,
    Chain,
    Expression,
    Labelled,
    Literal,
    Merge,
    Name,
    Step,
)
from archspec.ir import graph as ir
from archspec.lowering.changes import Change
from archspec.lowering.context import Context, Run
from archspec.lowering.places import show_shape
from archspec.lowering.scope import Level
from archspec.lowering.steps import calls, with_call
from archspec.lowering.tries import STRIDES, Cost, padded, parameter_of, tries
from archspec.ops.merging import MERGES
from archspec.ops.op import ShapeFault, channels

MAX_CALLS = 12  # of a branch that is looked through


@dataclass(frozen=True, slots=True)
class Joint:
    """Branches that do not fit together: what they read, and what they make."""

    kind: str
    merge: Merge
    entry: ir.Value
    shapes: Sequence[ir.Shape]

    @property
    def odd(self) -> list[int]:
        """The branch that differs from all others; of two, either."""
        sizes = [shape[1:] for shape in self.shapes]
        if len(sizes) == 2:
            is_gate = self.kind == "mul" and sizes.count((1, 1)) == 1
            return [sizes.index((1, 1))] if is_gate else [0, 1]
        kinds = list(self.shapes) if len(set(sizes)) == 1 else sizes
        common, count = Counter(kinds).most_common(1)[0]
        is_one = count == len(kinds) - 1
        return [n for n, kind in enumerate(kinds) if kind != common] * is_one

    def agreed(self) -> ir.Shape | None:
        """What the branches make once the odd one fits, where there is one."""
        if len(self.odd) != 1 or {len(shape) for shape in self.shapes} != {3}:
            return None
        shapes = [*self.shapes]
        own = shapes.pop(self.odd[0])
        if self.kind == "concat":
            shapes.append((own[0], *shapes[0][1:]))
        return _merged(self.kind, shapes)


def mend_branches(joint: Joint, context: Context) -> list[str]:
    """What to write in which branch; nothing where no change of one call helps."""
    helps: list[str] = []
    may_change = context.run.patience > 0 and not context.scope.environment.bundled
    odd = joint.odd if may_change else []
    candidates = [
        (cost, number, change)
        for number in odd
        for cost, change in _candidates(joint, number, context)
    ]
    chain = next(filter(None, (_padded(joint, n, context) for n in odd)), "")
    if chain:
        return [chain]
    for _, number, change in sorted(candidates, key=lambda found: found[0]):
        step = with_call(joint.merge.branches[number], change.call, change.applied())
        shape = _fitting(joint, number, step, context)
        if shape:
            alone = len(odd) == 1
            helps.append(_in_words(joint, number, change.text, shape, alone=alone))
            break
    for number in odd:
        shortcut = _shortcut(joint, number, context)
        if shortcut:
            start = "or write" if helps else "write"
            helps.append(f"{start} `{shortcut}` in place of `identity`")
    return helps


def _in_words(
    joint: Joint, number: int, text: str, shape: ir.Shape, *, alone: bool
) -> str:
    branch = joint.merge.branches[number]
    where = f"branch {number + 1}"
    if isinstance(branch, Labelled):
        where = f"`{branch.label.span.text}`"
    makes = f"which then makes {show_shape(shape)}"
    if alone:
        return f"{where} is off: write `{text}` there, {makes}"
    return f"write `{text}` in {where}, {makes}"


def _padded(joint: Joint, number: int, context: Context) -> str:
    """Several paddings forgotten in one chain: the chain with all of them."""
    step = branch = joint.merge.branches[number]
    chain = branch.step if isinstance(branch, Labelled) else branch
    if not isinstance(chain, Chain):
        return ""
    changes = [c for call in chain.calls if (c := padded(call, context))]
    for change in changes:
        step = with_call(step, change.call, change.applied())
    shape = _fitting(joint, number, step, context) if len(changes) > 1 else None
    if shape is None:
        return ""
    texts = {id(change.call): change.text for change in changes}
    text = " | ".join(texts.get(id(c), c.span.text) for c in chain.calls)
    return _in_words(joint, number, text, shape, alone=len(joint.odd) == 1)


# --- what to try ---------------------------------------------------------------------


def _candidates(
    joint: Joint, number: int, context: Context
) -> Iterator[tuple[Cost, Change]]:
    """Changes of one argument of one call in a branch; the likeliest costs least."""
    within = [*islice(calls(joint.merge.branches[number]), MAX_CALLS)]
    wanted = joint.shapes[number - 1]
    for place, call in enumerate(reversed(within)):
        for cost, change in tries(call, int(channels(wanted)), context):
            yield (*cost, len(within), place), change


def _shortcut(joint: Joint, number: int, context: Context) -> str:
    """A convolution for a plain `identity` in a sum, if one fits."""
    branch, wanted = joint.merge.branches[number], joint.shapes[number - 1]
    if joint.kind != "add" or len(wanted) != 3 or not _is_identity(branch):
        return ""
    for stride in STRIDES:
        call = _conv(branch, int(channels(wanted)), stride)
        if _fitting(joint, number, Chain(branch.span, (call,)), context):
            width = parameter_of(int(channels(wanted)), context) or channels(wanted)
            return f"conv({width}, k=1" + f", s={stride}" * (stride > 1) + ")"
    return ""


def _is_identity(step: Step) -> bool:
    return isinstance(step, Chain) and [c.name.id for c in step.calls] == ["identity"]


def _conv(step: Step, width: int, stride: int) -> Call:
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


# --- trying --------------------------------------------------------------------------


def _fitting(
    joint: Joint, number: int, step: Step, context: Context
) -> ir.Shape | None:
    """What another step in the place of a branch makes, if the branches then fit."""
    y = lowered(step, joint.entry, context)
    shapes = list(joint.shapes)
    if y is None or y[1:] not in {shape[1:] for shape in shapes}:
        return None
    shapes[number] = y
    return y if _merged(joint.kind, shapes) else None


def _merged(kind: str, shapes: Sequence[ir.Shape]) -> ir.Shape | None:
    try:
        return MERGES[kind](shapes)
    except ShapeFault:
        return None


def lowered(step: Step, x: ir.Value, context: Context) -> ir.Shape | None:
    """The shape that a step makes here, nothing of it noted; None where it fails."""
    run = context.run
    if run.patience <= 0:
        return None
    trial = Run(Findings(), run.step, depth=run.depth, patience=0)
    trial.work = run.work
    inside = replace(
        context.nested(), run=trial, level=Level(), labels=dict(context.labels),
        moving=set(), counting=set(),
    )  # fmt: skip
    try:
        y = run.step(step, x, inside, [])
    except TooMany:
        return None
    finally:
        run.patience -= trial.steps + trial.layers
    return None if trial.findings.has_errors else y.shape
