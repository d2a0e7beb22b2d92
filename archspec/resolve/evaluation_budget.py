"""A bound on the values a check computes: a small text may ask for a lot."""

from __future__ import annotations

from dataclasses import dataclass

from archspec.diagnostics.diagnostic import Findings, TooMany
from archspec.diagnostics.source import Span

MAX_VALUES = 200_000  # the items of tuples included


@dataclass(slots=True)
class Budget:
    """The values that one check has computed so far."""

    findings: Findings
    spent: int = 0

    def spend(self, values: int, span: Span) -> None:
        """Count computed values.

        Raises:
            TooMany: beyond the bound; the finding is recorded.
        """
        self.spent += values
        if self.spent > MAX_VALUES:
            self.findings.error(
                "too-much-work",
                f"the spec computes more than {MAX_VALUES:,} values",
                span,
                help="check the numbers of `repeat` and `range`",
            )
            raise TooMany
