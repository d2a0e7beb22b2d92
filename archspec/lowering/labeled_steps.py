"""Steps with a label: a layer or block of that name, or a group that is a level."""

from __future__ import annotations

from archspec.frontend.ast import Call, Chain, Labeled, Step
from archspec.frontend.step_traversal import (
    is_plain_chain,
    is_tied,
    starts_with_ref,
)
from archspec.ir import graph as ir
from archspec.ir.symbolic import Symbolic
from archspec.lowering.calls import lower_call
from archspec.lowering.context import Context, Items
from archspec.lowering.label_text import lower_label
from archspec.lowering.loop_channels import leaving
from archspec.lowering.shape_assertions import check_assertion
from archspec.lowering.state_dict_names import Level
from archspec.lowering.tied_layers import lower_tied


def lower_labeled(
    step: Labeled, x: ir.Value, context: Context, items: Items
) -> ir.Value:
    """Lower a labeled step, and keep its output for `ref`."""
    name = lower_label(step.label, x, context)
    if starts_with_ref(step.step):
        y = _lower_alias(step.step, name.value, x, context, items)
    elif (call := _only_call(step.step)) and is_tied(step.step):
        y = lower_tied(call, x, context, items, name.value)
        y = check_assertion(call, y, context)
    else:
        # A label renames one layer, and none after it.
        context.level.next_name(call.name.id if call else "")
        y = lower_named(step, name, x, context, items)
        context.labels.add_layers(name.value, step.step, items)
    context.labels.outputs[name.value] = y
    return y


def lower_named(
    step: Labeled, name: Symbolic, x: ir.Value, context: Context, items: Items
) -> ir.Value:
    """The step as a layer, block or group of this name."""
    call = _only_call(step.step)
    if call is None or is_tied(step.step):  # a head of tied layers is a group
        return _lower_labeled_group(step, name, x, context, items)
    y = lower_call(call, x, context, items, name)
    return check_assertion(call, y, context)


def _lower_alias(
    step: Step, name: str, x: ir.Value, context: Context, items: Items
) -> ir.Value:
    """`a: ref(b)`: another name for what the chain reads."""
    made: Items = []
    y = context.run.step(step, x, context, made)
    for item in made:
        if isinstance(item, ir.Reference):
            context.labels.add_alias(name, item)
    items += made
    return y


def _only_call(step: Step) -> Call | None:
    if not isinstance(step, Chain) or len(step.calls) != 1 or starts_with_ref(step):
        return None
    return step.calls[0]


def _lower_labeled_group(
    step: Labeled, name: Symbolic, x: ir.Value, context: Context, items: Items
) -> ir.Value:
    level = Level(
        context.level.join(name.value),
        is_plain_chain(step.step),
        context.level.has_all_layers,
    )
    inside = context.nested()._replace(
        level=level,
        labels=context.labels.group(name.value, step.step),
    )
    body: Items = []
    around = {*context.loops.channels}
    y = context.run.step(step.step, x, inside, body)
    y = leaving(y, context, context.loops.channels - around, is_group=True)
    items.append(
        ir.Module(
            name=name, is_labeled=True, path=level.path, block="", definition=None, arguments={},
            given=frozenset(), keyword_only=frozenset(), defaults={},
            body=tuple(body), input=x, output=y, span=step.label.span,
            exports=inside.labels.exports,
        )
    )  # fmt: skip
    return ir.Value(y.shape, y.producer, step.span, x)
