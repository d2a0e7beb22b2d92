"""Values of expressions, and shapes whose channels remember what made them."""

from __future__ import annotations

import ast

from archspec.frontend.ast import Expression
from archspec.ir import graph as ir
from archspec.ir.symbolic import SymbolicInt, Traced, code_of
from archspec.lowering.context import Context
from archspec.lowering.evaluate import (
    Evaluator,
    Unknown,
    ValueFault,
    undefined_names,
)
from archspec.lowering.places import report
from archspec.ops.op import channels


def evaluate(expression: Expression, x: ir.Value, context: Context) -> Traced | None:
    """An expression's value; None if unknown, with a finding if it has none."""
    if context.blind:
        for fault in undefined_names(expression, context.scope):
            _report(fault, context)
    ch = channels(x.shape) if x.shape else None
    try:
        return Evaluator(context.scope, ch, context.run.work)(expression)
    except Unknown:
        return None
    except ValueFault as fault:
        _report(fault, context)
        return None


def _report(fault: ValueFault, context: Context) -> None:
    report(
        context,
        fault.code,
        fault.message,
        fault.span,
        help=fault.help,
    )


# --- shapes ---


def channels_as(shape: ir.Shape, code: ast.expr) -> ir.Shape:
    """The shape, with an expression for its channels."""
    sizes = list(ir.plain(shape))
    axis = 0 if len(sizes) == 3 else -1
    sizes[axis] = SymbolicInt(sizes[axis], code)
    return tuple(sizes)


def with_channels(x: ir.Value, code: ast.expr) -> ir.Value:
    """The value as a body reads it: its channels are a variable there."""
    if x.shape is None:
        return x
    return ir.Value(channels_as(x.shape, code), x.producer, None, x)


def channels_code(x: ir.Value) -> ast.expr | None:
    """The expression of a value's channels, where they are known."""
    return code_of(channels(x.shape)) if x.shape else None


def traced_channels(x: ir.Value) -> Traced | None:
    """A value's channels as a value of the language."""
    if x.shape is None:
        return None
    count = channels(x.shape)
    return Traced(int(count), code_of(count))


def is_integer(value: object) -> bool:
    """Whether a value is a whole number; `true` is none."""
    return isinstance(value, int) and not isinstance(value, bool)
