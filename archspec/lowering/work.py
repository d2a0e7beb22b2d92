"""How much a check computes: a small text may ask for a lot."""

from __future__ import annotations

from dataclasses import dataclass

from archspec.diagnostics.diagnostic import Findings, TooMany
from archspec.diagnostics.source import Span

MAX_WORK = 200_000  # values, the items of tuples included


@dataclass(slots=True)
class Work:
    """What one run of lowering has computed."""

    findings: Findings
    done: int = 0

    def count(self, values: int, span: Span) -> None:
        """Count values.

        Raises:
            TooMany: at their bound; the finding is recorded.
        """
        self.done += values
        if self.done > MAX_WORK:
            self.findings.error(
                "too-much-work",
                f"the spec computes more than {MAX_WORK:,} values",
                span,
                help="check the numbers of `repeat` and `range`",
            )
            raise TooMany
