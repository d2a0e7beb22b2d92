"""`collect`: a repeat that makes the concat of what came in and of each output.

    - collect: maxpool(5, s=1, p=2)    ->   concat: [input, first, second, third]
      times: 3

Each iteration reads what the one before made.
"""

from __future__ import annotations

from archspec.diagnostics.diagnostic import Edit, Fix, Label
from archspec.frontend.ast import RepeatFor, RepeatTimes
from archspec.ir import graph as ir
from archspec.ir.symbolic import (
    Symbolic,
    code_of,
    constant,
    same,
    shape_argument,
    variable,
    variables,
    without_code,
)
from archspec.lowering.context import Context, Items
from archspec.lowering.op_calls import make_node
from archspec.lowering.provenance import format_shape, report
from archspec.lowering.repeats import Loop, lowered_loop
from archspec.ops.merging import concat_shape
from archspec.ops.shapes import ShapeError


def lower_collect(
    step: RepeatTimes | RepeatFor, x: ir.Value, context: Context, items: Items
) -> ir.Value:
    """Lower the iterations, and join what came in with their outputs."""
    loop = lowered_loop(step, x, context)
    if loop is None:
        return ir.Value(None)
    context.loops.channels.discard(loop.channels)  # the next loop may have it
    outputs = tuple(loop.outputs)
    shape = None
    shapes = [y.shape for y in outputs if y.shape is not None]
    if len(shapes) == len(outputs):
        try:
            plain = [shape.plain() for shape in shapes]
            shape = concat_shape(plain, "collect").with_channels(_channels(loop))
        except ShapeError as error:
            made = f"input {format_shape(shapes[0])}, output {format_shape(shapes[1])}"
            report(
                context,
                error.code,
                error.message,
                step.span,
                related=[Label(step.body.span, made)],
                help=error.help,
                numbers={size for shape in plain for size in shape},
                proposals=_repeated(step),
            )
    node = make_node("concat", {}, outputs, shape, "", step.span, context)
    node.output.before = x
    items.append(ir.Collect(loop.item, node))
    return node.output


def _repeated(step: RepeatTimes | RepeatFor) -> list[Fix]:
    """The fix that joins nothing."""
    title = "write `repeat`, which returns the last output alone"
    return [Fix(title, (Edit(step.span, "repeat"),), is_strong=False)]


def _channels(loop: Loop) -> int:
    """All channels, as an expression where each iteration makes as many."""
    entry, *others = (y.shape.channels for y in loop.outputs if y.shape)
    total = sum(map(int, others))
    update = loop.update
    stays = update is not None and same(update, variable(loop.channels))
    is_same = len({*map(int, others)}) == 1
    if update is None or not is_same or (variables(update) & loop.moving and not stays):
        codes = [code_of(y.shape.channels) for y in loop.outputs if y.shape]
        return without_code(int(entry) + total, *codes)
    count = Symbolic(len(others), constant(len(others)))
    if not loop.names:
        count = Symbolic(len(others), loop.rows.code)
    times = shape_argument(count)
    one = shape_argument(Symbolic(int(others[0]), update))
    channels: int = entry * (times + 1) if stays else entry + times * one
    return channels
