"""What the parts of a random spec may read: blocks, names by kind, and labels."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from random_steps_as_yaml import Step


@dataclass
class Block:
    """A block: its parameters by kind, and its body."""

    name: str
    kinds: dict[str, str]
    keyword_only: list[str]
    body: list[Step] = field(default_factory=list)

    @property
    def positional(self) -> list[str]:
        return [name for name in self.kinds if name not in self.keyword_only]


@dataclass
class Scope:
    """The names that expressions may read, by kind, and the labels that `ref` may."""

    numbers: list[str]
    kernels: list[str] = field(default_factory=list)
    flags: list[str] = field(default_factory=list)
    calls: list[str] = field(default_factory=list)
    units: list[str] = field(default_factory=list)  # layers that take their channels
    texts: list[str] = field(default_factory=list)
    rows: list[str] = field(default_factory=list)  # tuples of numbers
    labels: list[str] = field(default_factory=list)
    names: tuple[str, ...] = ()  # of parameters
    indices: tuple[str, ...] = ()  # of the repeats around, the innermost last
    needed: tuple[str, ...] = ()  # of the repeats around in this body
    depth: int = 0

    def inner(self, **changes: Any) -> Scope:
        """The scope of a list within, whose names end with it."""
        copied = {key: value[:] if isinstance(value, list) else value
                  for key, value in vars(self).items()}  # fmt: skip
        return Scope(**{**copied, "depth": self.depth + 1, **changes})
