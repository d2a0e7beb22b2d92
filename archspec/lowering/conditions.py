"""`if`: one of two arms, chosen when the network is expanded."""

from __future__ import annotations

import ast

from archspec.frontend.ast import If
from archspec.ir import graph as ir
from archspec.ir.symbolic import Symbolic, decided
from archspec.lowering.context import Context, Items
from archspec.lowering.loop_channels import leaving
from archspec.lowering.provenance import report
from archspec.lowering.symbolic_channels import channels_as, channels_code
from archspec.lowering.values_in_context import evaluate
from archspec.resolve.value_text import describe


def lower_condition(step: If, x: ir.Value, context: Context, items: Items) -> ir.Value:
    """Lower the arm that the condition chooses; check the names in the other."""
    condition = _condition(step, x, context)
    if condition is None:
        context.labels.is_complete = False
        _check_names(step, context, then=True, otherwise=True)
        return ir.Value(None)
    _check_names(step, context, then=not condition.value, otherwise=condition.value)
    arm = step.then if condition.value else step.otherwise
    body: Items = []
    y = context.run.step(arm, _decided(x, condition), context.nested(), body)
    y = leaving(y, context)
    items.append(ir.Choice(condition, tuple(body)))
    return _decided(y, condition)


def _decided(x: ir.Value, condition: Symbolic) -> ir.Value:
    """A value whose channels no longer depend on the condition."""
    code = channels_code(x)
    if x.shape is None or not isinstance(code, ast.expr) or not _has_choice(code):
        return x
    code = decided(code, condition.code, condition.value)
    return ir.Value(channels_as(x.shape, code), x.producer, x.span, x.before)


def _has_choice(code: ast.expr) -> bool:
    return any(isinstance(part, ast.IfExp) for part in ast.walk(code))


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
