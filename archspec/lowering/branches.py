"""Branches that are joined, and `if`, which chooses between two."""

from __future__ import annotations

from archspec.diagnostics.diagnostic import Label, Severity
from archspec.frontend.ast import If, Merge
from archspec.ir import graph as ir
from archspec.ir.symbolic import Traced
from archspec.lowering.context import Context, Items
from archspec.lowering.evaluate import describe
from archspec.lowering.layers import make_node
from archspec.lowering.mend_branches import Joint, mend_branches
from archspec.lowering.places import producer, report, show_shape
from archspec.lowering.values import evaluate
from archspec.ops.merging import MERGES, chunk_shape
from archspec.ops.op import ShapeFault


def lower_merge(merge: Merge, x: ir.Value, context: Context, items: Items) -> ir.Value:
    """`concat`, `add` or `mul` of branches that read one value, or a `split` of it."""
    if len(merge.branches) == 1:
        _warn_of_one(merge, context)
    is_split = merge.kind == "split"
    entry = _chunk(merge, x, context) if is_split else x
    branches: list[tuple[ir.Item, ...]] = []
    outputs = []
    for branch in merge.branches:
        body: Items = []
        outputs.append(context.run.step(branch, entry, context.nested(), body))
        branches.append(tuple(body))
    kind = "concat" if is_split else merge.kind
    shape = _merged_shape(kind, merge, entry, outputs, context)
    node = make_node(kind, {}, tuple(outputs), shape, "", merge.span, context)
    node.output.before = x
    items.append(ir.Merge(node, tuple(branches), is_split))
    return node.output


def _warn_of_one(merge: Merge, context: Context) -> None:
    context.findings.error(
        "single-branch",
        f"`{merge.kind}` joins branches, found one",
        merge.span,
        help=f"`identity` as a second one passes the input on; "
        f"without it, leave `{merge.kind}` out",
        severity=Severity.WARNING,
    )


def _chunk(merge: Merge, x: ir.Value, context: Context) -> ir.Value:
    """What each branch of a `split` reads."""
    if x.shape is None:
        return x
    try:
        shape = chunk_shape(x.shape, len(merge.branches))
    except ShapeFault as fault:
        report(
            context,
            fault.code,
            fault.message,
            merge.span,
            related=producer(x),
            help=fault.help,
        )
        return ir.Value(None)
    return ir.Value(shape, x.producer, merge.span, x)


def _merged_shape(
    kind: str, merge: Merge, x: ir.Value, outputs: list[ir.Value], context: Context
) -> ir.Shape | None:
    shapes = [y.shape for y in outputs if y.shape is not None]
    if len(shapes) < len(outputs):
        return None
    try:
        return MERGES[kind](shapes)
    except ShapeFault as fault:
        joint = Joint(kind, merge, x, shapes)
        made = [
            Label(branch.span, f"makes {show_shape(y.shape)}")
            for branch, y in zip(merge.branches, outputs, strict=True)
        ]
        report(
            context,
            fault.code,
            fault.message,
            merge.span,
            related=made,
            help=mend_branches(joint, context) or fault.help,
        )
        return joint.agreed()


def lower_choice(step: If, x: ir.Value, context: Context, items: Items) -> ir.Value:
    """The arm that the condition chooses; the other is looked through for mistakes."""
    condition = _condition(step, x, context)
    if condition is None:
        _look_through(step, context, then=True, otherwise=True)
        return ir.Value(None)
    _look_through(step, context, then=not condition.value, otherwise=condition.value)
    arm = step.then if condition.value else step.otherwise
    body: Items = []
    y = context.run.step(arm, x, context.nested(), body)
    items.append(ir.Choice(condition, tuple(body)))
    return y


def _condition(step: If, x: ir.Value, context: Context) -> Traced | None:
    value = evaluate(step.condition, x, context)
    if value is None or isinstance(value.value, int | float):
        return value and Traced(bool(value.value), value.code)
    report(
        context,
        "invalid-argument-type",
        f"expected `true` or `false`, found {describe(value.value)}",
        step.condition,
        help="compare it with something, as in `s != 1`",
    )
    return None


def _look_through(step: If, context: Context, *, then: bool, otherwise: bool) -> None:
    """Check the names and arguments of arms that are not taken, once."""
    if not context.run.first_time(step):
        return
    for arm, wanted in ((step.then, then), (step.otherwise, otherwise)):
        if wanted:
            context.run.step(arm, ir.Value(None), context.without_values(), [])
