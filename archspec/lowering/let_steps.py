"""`let`: names for values, for the rest of a body."""

from __future__ import annotations

import ast

from archspec.frontend.ast import Let
from archspec.ir import graph as ir
from archspec.ir.symbolic import Symbolic, variable, variables
from archspec.lowering.context import Context, Items
from archspec.lowering.values_in_context import evaluate
from archspec.resolve.partial_call import has_callee
from archspec.resolve.scope import check_new_names


def lower_let(let: Let, x: ir.Value, context: Context, items: Items) -> ir.Value:
    """Bind names for the rest of the body.

    A value computed from the block's parameters becomes a local variable of the emitted
    class: `let: {w: cout // 4}` is `w = cout // 4` in its `__init__`.
    """
    check_new_names([name for name, _ in let.bindings], context.findings)
    named: dict[str, Symbolic] = {}
    for name, expression in let.bindings:
        value = evaluate(expression, x, context) if expression else None
        if value is not None and _is_variable(name.id, value, context):
            named[name.id] = value
            value = Symbolic(value.value, variable(name.id))
        context.scope.values[name.id] = value
    if named:
        items.append(ir.Let(named))
    return x


def _is_variable(name: str, value: Symbolic, context: Context) -> bool:
    hoistable = context.hoistable
    if hoistable is None or name in hoistable or isinstance(value.code, ast.Constant):
        return False
    if has_callee(value.value):
        return False
    if name in context.loops.channels | context.loops.others:
        return False
    if not variables(value.code) <= hoistable:
        return False
    hoistable.add(name)
    return True
