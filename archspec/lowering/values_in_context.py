"""Evaluate an expression of a spec at the step it is written in."""

from __future__ import annotations

from archspec.frontend.ast import Expression
from archspec.ir import graph as ir
from archspec.ir.symbolic import Symbolic
from archspec.lowering.context import Context
from archspec.lowering.provenance import report
from archspec.resolve.evaluation_errors import EvaluationError, UnknownValue
from archspec.resolve.expression_values import Evaluator, undefined_names


def evaluate(expression: Expression, x: ir.Value, context: Context) -> Symbolic | None:
    """An expression's value; None if unknown, with a finding if it has none."""
    if context.values_unknown:
        for error in undefined_names(expression, context.scope):
            _report(error, context)
    ch = x.shape.channels if x.shape else None
    try:
        return Evaluator(context.scope, ch, context.run.budget)(expression)
    except UnknownValue:
        return None
    except EvaluationError as error:
        _report(error, context)
        return None


def _report(error: EvaluationError, context: Context) -> None:
    report(context, error.code, error.message, error.span, help=error.help)


def is_integer(value: object) -> bool:
    """Whether a value is an integer; `true` is not."""
    return isinstance(value, int) and not isinstance(value, bool)
