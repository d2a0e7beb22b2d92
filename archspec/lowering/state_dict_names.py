"""The names that layers have in the state dict, level by level.

A level is `net`, a block call or a labeled group. In a plain chain an unlabeled layer
has its ordinal among the steps, as in an `nn.Sequential`. In any other body it has the
name that it is called by, and a count:

    - conv(8, k=3) | bn | relu             0, 1, 2
    - add: [conv(8, k=1) | bn, identity]   conv1, bn1, identity1
"""

from __future__ import annotations

from dataclasses import dataclass, field

from archspec.diagnostics.source import Span


@dataclass(eq=False, slots=True)
class Level:
    """A level of the state dict, while its layers are named."""

    path: str = ""
    is_plain_chain: bool = True
    has_all_layers: bool = True  # false where a part of a body is lowered by itself
    ordinal: int = 0
    counts: dict[str, int] = field(default_factory=dict)  # of calls, by called name
    spans: dict[str, Span] = field(default_factory=dict)  # where each name is taken
    labels: set[str] = field(default_factory=set)  # the names that are labels

    def next_name(self, called: str) -> str:
        """The name of the next step if it is unlabeled; labeled steps count too."""
        self.ordinal += 1
        count = self.counts[called] = self.counts.get(called, 0) + 1
        return str(self.ordinal - 1) if self.is_plain_chain else f"{called}{count}"

    def join(self, name: str) -> str:
        """The path of a layer or level in this level."""
        return f"{self.path}.{name}" if self.path else name
