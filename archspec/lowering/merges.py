"""Branches that read one value and are joined: `concat`, `add`, `mul`, `split`."""

from __future__ import annotations

from archspec.diagnostics.diagnostic import Label, Severity
from archspec.frontend.ast import Merge
from archspec.ir import graph as ir
from archspec.lowering.context import Context, Items
from archspec.lowering.faults import MergeFault
from archspec.lowering.op_calls import make_node
from archspec.lowering.provenance import format_shape, producer, report
from archspec.ops.merging import MERGES, chunk_shape
from archspec.ops.shapes import ShapeError


def lower_merge(merge: Merge, x: ir.Value, context: Context, items: Items) -> ir.Value:
    """`concat`, `add` or `mul` of branches that read one value, or a `split` of it."""
    if len(merge.branches) == 1:
        _warn_of_single_branch(merge, context)
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


def _warn_of_single_branch(merge: Merge, context: Context) -> None:
    context.findings.error(
        "single-branch",
        f"`{merge.kind}` joins branches, found one",
        merge.span,
        help=f"`identity` as a second one passes the input on; "
        f"without it, leave `{merge.kind}` out",
        severity=Severity.WARNING,
    )


def _chunk(merge: Merge, x: ir.Value, context: Context) -> ir.Value:
    """The chunk of the input that each branch of a `split` reads."""
    if x.shape is None:
        return x
    try:
        shape = chunk_shape(x.shape, len(merge.branches))
    except ShapeError as error:
        report(
            context,
            error.code,
            error.message,
            merge.span,
            related=producer(x),
            help=error.help,
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
        return MERGES[kind].shape(shapes)
    except ShapeError as error:
        fault = MergeFault(kind, merge, x, shapes, context.snapshot())
        made = [
            Label(branch.span, f"makes {format_shape(y.shape)}")
            for branch, y in zip(merge.branches, outputs, strict=True)
        ]
        report(
            context,
            error.code,
            error.message,
            merge.span,
            related=made,
            help=error.help,
            fault=fault,
        )
        return fault.expected_output()
