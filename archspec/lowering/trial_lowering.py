"""Lower an edited step at its place on trial, without a change of the graph."""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

from archspec.diagnostics.diagnostic import Findings, TooMany
from archspec.frontend.ast import Step
from archspec.ir import graph as ir
from archspec.lowering.context import Context, LoweringRun
from archspec.lowering.state_dict_names import Level


class Trial(NamedTuple):
    """The output shape of a step that was lowered on trial, and the effort it took."""

    shape: ir.Shape | None
    """None where the step has an error."""

    lowered: int
    """Steps and layers."""

    values_spent: int
    """The values computed so far, those of earlier trials included."""


def try_step(step: Step, x: ir.Value, context: Context, values_spent: int) -> Trial:
    """Lower a step that reads `x`, after trials that computed `values_spent` values."""
    run = LoweringRun(Findings(), context.run.step)
    run.budget.spent = values_spent
    inside = replace(
        context.nested(), run=run, level=Level(has_all_layers=False), labels=context.labels.copy(),
        channel_variables=set(), loop_variables=set(),
    )  # fmt: skip
    try:
        shape = context.run.step(step, x, inside, []).shape
    except TooMany:
        shape = None
    if run.findings.has_errors:
        shape = None
    return Trial(shape, run.steps + run.layers, run.budget.spent)
