"""The search for a fix: candidates are lowered on trial, within a bound on the effort."""

from __future__ import annotations

from dataclasses import dataclass

from archspec.frontend.ast import Step
from archspec.ir import graph as ir
from archspec.lowering.context import Context
from archspec.lowering.trial_lowering import try_step
from archspec.resolve.evaluation_budget import MAX_VALUES

MAX_LOWERED = 5_000  # steps and layers, for all findings of a spec


@dataclass(slots=True)
class Search:
    """What the search for fixes may still spend."""

    remaining: int = MAX_LOWERED
    """Steps and layers to lower."""

    values_spent: int = 0
    """The values that all trials have computed."""

    @property
    def is_over(self) -> bool:
        """Whether a bound is reached."""
        return self.remaining <= 0 or self.values_spent >= MAX_VALUES

    def try_step(self, step: Step, x: ir.Value, context: Context) -> ir.Shape | None:
        """The output of a step that reads `x`; None if it has an error, or at the bound."""
        if self.is_over:
            return None
        trial = try_step(step, x, context, self.values_spent)
        self.remaining -= trial.lowered
        self.values_spent = trial.values_spent
        return trial.shape
