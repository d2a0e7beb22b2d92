"""A call with one of its arguments changed, as a step and as the text to write."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from archspec.diagnostics.source import Span
from archspec.frontend.ast import (
    Argument,
    Binary,
    Call,
    Expression,
    Literal,
    Name,
    Tuple,
)
from archspec.lowering.bind import Bound, Slot, slots
from archspec.lowering.evaluate import WORDS
from archspec.lowering.scope import Block
from archspec.ops.op import Op, show


@dataclass(frozen=True, slots=True)
class Change:
    """Another value for one argument of a call."""

    call: Call
    slot: Slot
    before: Expression | None  # None: the call leaves the argument out
    value: Any  # as Python has it, or an expression: `s`, `k // 2`

    @property
    def text(self) -> str:
        """The call as it is to be written, in one line."""
        value = _written(self.value)
        source, call = self.call.span.source.text, self.call.span
        if self.before is not None:
            at = self.before.span
            text = source[call.start : at.start] + value + source[at.end : call.end]
        else:
            given = [a.span.text for a in self.call.arguments]
            given.append(f"{self.slot.shown}={value}")
            text = f"{self.call.name.id}({', '.join(given)})"
        return " ".join(text.split())

    def applied(self) -> Call:
        """The call with the change made."""
        span = self.before.span if self.before else self.call.span
        value = _expression(self.value, span)
        if self.before is None:
            keyword = Name(span, self.slot.names[0])
            given = (*self.call.arguments, Argument(span, keyword, value))
        else:
            given = tuple(
                replace(a, value=value) if a.value is self.before else a
                for a in self.call.arguments
            )
        return replace(self.call, arguments=given)


def _written(value: Any) -> str:
    match value:
        case Name():
            return value.id
        case Literal():
            return show(value.value)
        case Binary():
            return f"{_written(value.left)} {value.operator} {_written(value.right)}"
        case _:
            return show(value)


def _expression(value: Any, span: Span) -> Expression:
    if isinstance(value, Name | Literal | Binary):
        return value
    if isinstance(value, tuple):
        return Tuple(span, tuple(_expression(item, span) for item in value))
    return Literal(span, value)


def slot_of(callee: Op | Block, name: str) -> Slot | None:
    """The parameter that answers to a name."""
    return next((slot for slot in slots(callee) if name in slot.names), None)


def is_free(slot: Slot, bound: Bound) -> bool:
    """Whether an argument is plain or left out, so that it may change.

    What a call computes from names is meant for other values of them too.
    """
    return _is_plain(bound.values.get(slot.key))


def _is_plain(value: Expression | None) -> bool:
    match value:
        case Tuple():
            return all(_is_plain(item) for item in value.items)
        case Name():
            return value.id in WORDS
        case _:
            return isinstance(value, Literal | None)
