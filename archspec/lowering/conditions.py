"""`if`: one of two arms, chosen when the network is expanded."""

from __future__ import annotations

from archspec.frontend.ast import If
from archspec.ir import graph as ir
from archspec.ir.symbolic import Symbolic
from archspec.lowering.context import Context, Items
from archspec.lowering.provenance import report
from archspec.lowering.values_in_context import evaluate
from archspec.resolve.value_text import describe


def lower_condition(step: If, x: ir.Value, context: Context, items: Items) -> ir.Value:
    """Lower the arm that the condition chooses; check the names in the other."""
    condition = _condition(step, x, context)
    if condition is None:
        _check_names(step, context, then=True, otherwise=True)
        return ir.Value(None)
    _check_names(step, context, then=not condition.value, otherwise=condition.value)
    arm = step.then if condition.value else step.otherwise
    body: Items = []
    y = context.run.step(arm, x, context.nested(), body)
    items.append(ir.Choice(condition, tuple(body)))
    return y


def _condition(step: If, x: ir.Value, context: Context) -> Symbolic | None:
    value = evaluate(step.condition, x, context)
    if value is None or isinstance(value.value, int | float):
        return value and Symbolic(bool(value.value), value.code)
    report(
        context,
        "invalid-argument-type",
        f"expected `true` or `false`, found {describe(value.value)}",
        step.condition,
        help="compare it with something, as in `s != 1`",
    )
    return None


def _check_names(step: If, context: Context, *, then: bool, otherwise: bool) -> None:
    """Check the names and arguments in the arms that are not taken, once."""
    if not context.run.is_first_visit(step):
        return
    for arm, wanted in ((step.then, then), (step.otherwise, otherwise)):
        if wanted:
            context.run.step(arm, ir.Value(None), context.without_values(), [])
