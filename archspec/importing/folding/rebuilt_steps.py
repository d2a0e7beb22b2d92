"""Steps of a template with values in the places of its slots."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from archspec.importing.folding.argument_fields import Signatures
from archspec.importing.folding.templates import OP, Part
from archspec.importing.inner_bodies import Body, with_bodies
from archspec.importing.steps import Call, Expression, Repeat, Split, Step, Value


def rebuilt(
    part: Part, values: Mapping[str, Value], bodies: list[Body], signatures: Signatures
) -> Step:
    """The step of a part with these values, by slot, and these bodies."""
    step = part.example
    match step:
        case Call():
            return _call(step, values, signatures)
        case Repeat() if not step.rows:
            return replace(step, body=bodies[0], times=values["times"])
        case Repeat():
            return replace(step, body=bodies[0], rows=values)
        case Split():
            return replace(step, branches=bodies, sizes=values["sizes"])
    return with_bodies(step, bodies)


def _call(call: Call, values: Mapping[str, Value], signatures: Signatures) -> Call:
    op = values.get(OP, call.name)
    name = op.text if isinstance(op, Expression) else str(op)
    block = signatures.blocks.get(name)
    keywords = {
        slot: value
        for slot, value in values.items()
        if not slot.isdigit() and slot != OP
        if block is None or value != block.keywords[slot]
    }
    positional = tuple(value for slot, value in values.items() if slot.isdigit())
    return replace(
        call, name=name, positional=positional, keywords=keywords, inputs=(), output=()
    )
