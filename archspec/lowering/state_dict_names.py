"""The names that layers have in the state dict, level by level."""

from __future__ import annotations

from dataclasses import dataclass, field

from archspec.diagnostics.source import Span


@dataclass(eq=False, slots=True)
class Level:
    """A level of the state dict, while its layers are named."""

    path: str = ""
    ordinal: int = 0
    spans: dict[str, Span] = field(default_factory=dict)

    def next_ordinal(self) -> str:
        """The name of the next unlabeled layer: its ordinal among the steps."""
        self.ordinal += 1
        return str(self.ordinal - 1)

    def join(self, name: str) -> str:
        """The path of a layer or level in this level."""
        return f"{self.path}.{name}" if self.path else name
