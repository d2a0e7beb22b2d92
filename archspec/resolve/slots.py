"""The parameters of an op or block, as the arguments of a call find them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache
from typing import NamedTuple

from archspec.frontend.ast import BlockDefinition, Parameter
from archspec.signatures.signature import Required, Signature

# Arguments in messages, for the parameters of blocks.
EXAMPLES = {"k": "3", "cout": "64"}


class Slot(NamedTuple):
    """A parameter of an op or of a block, with the names that a keyword may use."""

    key: str  # of the argument in `BoundArguments.values`
    names: tuple[str, ...]  # what a keyword may call it
    shown: str
    required: bool
    positional: bool
    variadic: bool = False
    example: str = "1"
    size: int = 1  # how many values it takes, in a tuple


class Slots(NamedTuple):
    """All parameters of an op or block, in the order of the signature."""

    each: tuple[Slot, ...]
    by_name: Mapping[str, Slot]
    positional: tuple[Slot, ...]
    required: tuple[Slot, ...]

    @classmethod
    def of(cls, each: Iterable[Slot]) -> Slots:
        """Sort the parameters by what a call asks of them."""
        slots = tuple(each)
        return cls(
            slots,
            {name: slot for slot in slots for name in slot.names},
            tuple(slot for slot in slots if slot.positional),
            tuple(slot for slot in slots if slot.required),
        )


@cache
def slots_of_signature(signature: Signature) -> Slots:
    """The parameters of an op or recipe."""
    return Slots.of(
        Slot(
            p.name,
            (p.name, p.short) if p.short else (p.name,),
            p.shown,
            isinstance(p.default, Required),
            p.positional,
            p.variadic,
            p.type.example,
        )
        for p in signature.parameters
    )


def slots_of_definition(definition: BlockDefinition) -> Slots:
    """The parameters of a block."""
    return Slots.of(
        Slot(
            pattern_key(p.names),
            () if p.is_pattern else (p.names[0].id,),
            pattern_key(p.names) if p.is_pattern else p.names[0].id,
            p.default is None,
            not p.keyword_only,
            example=_example(p),
            size=len(p.names),
        )
        for p in definition.parameters
    )


def _example(parameter: Parameter) -> str:
    examples = [EXAMPLES.get(name.id, "1") for name in parameter.names]
    return f"({', '.join(examples)})" if parameter.is_pattern else examples[0]


def pattern_key(names: Iterable[object]) -> str:
    """The key of a tuple pattern, which messages show too: `(r3, c3)`."""
    ids = [name.id for name in names]  # type: ignore[attr-defined]
    return ids[0] if len(ids) == 1 else f"({', '.join(ids)})"
