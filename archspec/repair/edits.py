"""A call with one argument changed, as a syntax tree and as text.

maxpool(3, s=2)  with s changed to 1  ->  maxpool(3, s=1)
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from archspec.diagnostics.diagnostic import Edit
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
from archspec.ops.op import Op
from archspec.resolve.bind import (
    BoundArguments,
    Slot,
    is_row,
    once_each,
    slots,
    written,
)
from archspec.resolve.expression_values import WORDS
from archspec.resolve.scope import Block
from archspec.signatures.signature import show


@dataclass(frozen=True, slots=True)
class CallEdit:
    """A new value for one argument of a call."""

    call: Call
    slot: Slot
    before: Expression | None  # None: the call leaves the argument out
    value: Any  # as Python has it, or an expression: `s`, `k // 2`
    also: tuple[Slot, Any] | None = None  # a second argument, which the call leaves out

    @property
    def text(self) -> str:
        """The edited call on one line."""
        arguments = once_each(self.call.arguments)
        given = [self._changed(argument) for argument in arguments]
        given += [f"{slot.shown}={_written(value)}" for slot, value in self._added()]
        return " ".join(written(self.call, given).split())

    @property
    def edit(self) -> Edit:
        """The edit of the text."""
        return Edit(self.call.span, self.text)

    def _changed(self, argument: Argument) -> str:
        text = argument.span.text
        if argument.value is not self.before:
            return text
        return text[: -len(self.before.span.text)] + _written(self.value)

    def _added(self) -> list[tuple[Slot, Any]]:
        """The arguments that the call leaves out."""
        own = [(self.slot, self.value)] if self.before is None else []
        return [*own, self.also] if self.also else own

    def applied(self) -> Call:
        """The edited call."""
        span = self.call.span
        value = _expression(self.value, span)
        given = [
            a._replace(value=value) if a.value is self.before else a
            for a in self.call.arguments
        ]
        for slot, added in self._added():
            keyword = Name(span, slot.names[0])
            given.append(Argument(span, keyword, _expression(added, span)))
        return self.call._replace(arguments=tuple(given))


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
    """The parameter with this short or long name."""
    return next((slot for slot in slots(callee) if name in slot.names), None)


def is_free(slot: Slot, call: Call, bound: BoundArguments) -> bool:
    """Whether an argument is a literal or left out, so that an edit may change it.

    An expression over names is meant for other values of those names too.
    """
    value = bound.values.get(slot.key)
    return _is_plain(value) and not (value is None and is_row(call))


def _is_plain(value: Expression | None) -> bool:
    match value:
        case Tuple():
            return all(_is_plain(item) for item in value.items)
        case Name():
            return value.id in WORDS
        case _:
            return isinstance(value, Literal | None)
