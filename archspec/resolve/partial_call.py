"""Ops and blocks as values, which may have keyword arguments: `bn(eps=1e-3)`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from archspec.ir.symbolic import Symbolic
from archspec.ops.op import Op
from archspec.resolve.bind import slots
from archspec.resolve.scope import Block, Callee
from archspec.signatures.signature import show


@dataclass(frozen=True, slots=True)
class PartialCall:
    """An op or block with some of its arguments, to be called with the others.

    Two are equal if they call the same op or block with equal arguments.
    """

    callee: Callee
    keywords: Mapping[str, Symbolic] = field(compare=False)  # by the key of the slot
    key: tuple[int, frozenset[tuple[str, Any]]] = field(init=False)

    def __post_init__(self) -> None:
        """Derive what tells two values apart."""
        values = ((name, _key(item.value)) for name, item in self.keywords.items())
        object.__setattr__(self, "key", (id(self.callee), frozenset(values)))

    def __eq__(self, other: object) -> bool:
        """Compare the callee and the values of the arguments."""
        return isinstance(other, PartialCall) and self.key == other.key

    def __hash__(self) -> int:
        """Return the hash of what is compared."""
        return hash(self.key)

    @property
    def name(self) -> str:
        """The name of the op or block."""
        return self.callee.name

    def __str__(self) -> str:
        """Return the text that makes it."""
        shown = {slot.key: slot.shown for slot in slots(self.callee).each}
        given = (
            f"{shown[key]}={text_of(item.value)}" for key, item in self.keywords.items()
        )
        return f"{self.name}({', '.join(given)})"


CALLEES = (Op, Block, PartialCall)


def _key(value: Any) -> Any:
    """What tells two arguments apart; ops are compared by identity."""
    if isinstance(value, tuple):
        return tuple(map(_key, value))
    return id(value) if isinstance(value, Op | Block) else value


def is_callee(value: object) -> bool:
    """Whether a value is an op or block, with arguments or without."""
    return isinstance(value, CALLEES)


def has_callee(value: object) -> bool:
    """Whether a value is an op or block, or a tuple in which there is one."""
    return is_callee(value) or (
        isinstance(value, tuple) and any(map(has_callee, value))
    )


def parts_of(value: object) -> Iterable[Any]:
    """The values within a tuple or within the arguments of a partial call."""
    if isinstance(value, tuple):
        return value
    if isinstance(value, PartialCall):
        return [item.value for item in value.keywords.values()]
    return ()


def text_of(value: Any) -> str:
    """A value as a spec writes it; an op or block is its name."""
    match value:
        case Op() | Block():
            return value.name
        case PartialCall():
            return str(value)
        case str():
            return f'"{value}"'
        case tuple():
            inner = ", ".join(map(text_of, value))
            return f"({inner},)" if len(value) == 1 else f"({inner})"
    return show(value)
