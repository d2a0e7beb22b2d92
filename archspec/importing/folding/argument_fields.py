"""What an argument of a call is: channels, a size, a flag, and how it is called."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum, auto
from typing import Any, NamedTuple

from archspec.importing.folding.templates import CHANNELS, OP, Part
from archspec.importing.steps import Block, Call, Value
from archspec.ops.registry import OPS
from archspec.signatures.argument_types import BOOLEAN
from archspec.signatures.signature import Like, Parameter, Required


class Kind(Enum):
    """A kind of argument; only those of one kind are compared."""

    CHANNELS = auto()
    GROUPS = auto()
    RATIO = auto()  # of channels
    SIZE = auto()  # k, s, p, d
    COUNT = auto()  # of iterations
    FLAG = auto()
    OP = auto()
    INDEX = auto()  # of a layer, which counts up
    OTHER = auto()


POSITIONAL = (Kind.CHANNELS, Kind.RATIO, Kind.COUNT, Kind.INDEX)


class Field(NamedTuple):
    """The kind of an argument, and the name of a parameter that stands for it."""

    name: str
    kind: Kind


CHANNEL_NAMES = ("out_channels", "out_features", "channels")
SIZES = ("k", "s", "p", "d")

# By the name of a block: the kinds of its parameters.
Kinds = Mapping[str, Mapping[str, Kind]]


class Signatures:
    """The signatures of ops, and of the blocks that are defined so far."""

    def __init__(self) -> None:
        self.blocks: dict[str, Block] = {}
        self.kinds: dict[str, dict[str, Kind]] = {}

    def add(self, block: Block, kinds: dict[str, Kind]) -> None:
        """Note a block and the kinds of its parameters."""
        self.blocks[block.name] = block
        self.kinds[block.name] = kinds

    def field(self, part: Part, slot: str) -> Field:
        """What stands in a slot of a part."""
        if slot == "times":
            return Field("n", Kind.COUNT)
        if slot == OP:
            return Field("act", Kind.OP)
        call = part.example
        if not isinstance(call, Call) or slot == CHANNELS:
            return Field(slot, Kind.OTHER)
        if call.name in OPS:
            return op_field(_parameter(call, slot))
        block = self.blocks[call.name]
        name = block.positional[int(slot)] if slot.isdigit() else slot
        return Field(name, self.kinds[call.name][name])

    def slots(self, part: Part) -> list[str]:
        """The slots of a part, keywords in the order of the signature."""
        call = part.example
        slots = [slot for slot in part.slots if slot != CHANNELS]
        order: list[str] = []
        if not isinstance(call, Call):
            return slots
        if call.name in self.blocks:
            order = [*self.blocks[call.name].keywords]
        elif call.name in OPS:
            order = [p.shown for p in OPS[call.name].parameters]
        return sorted(
            slots, key=lambda slot: order.index(slot) if slot in order else -1
        )

    def filled(self, part: Part, slot: str) -> dict[int, Value]:
        """The values in a slot, with defaults in the lanes that omit it."""
        values = part.slots[slot]
        call = part.example
        if isinstance(call, Call) and not slot.isdigit() and slot not in (CHANNELS, OP):
            missing = [lane for lane in part.lanes if lane not in values]
            return values | {lane: self._default(part, slot, lane) for lane in missing}
        return values

    def _default(self, part: Part, slot: str, lane: int) -> Value:
        call = part.example
        assert isinstance(call, Call)
        if call.name not in OPS:
            default: Any = self.blocks[call.name].keywords[slot]
            return default  # type: ignore[no-any-return]
        default = _parameter(call, slot).default
        if isinstance(default, Like):
            names = [p.shown for p in OPS[call.name].parameters]
            positions = {name: str(n) for n, name in enumerate(names)}
            other = part.slots.get(positions[default.shown], {})
            return other.get(lane) or part.slots[default.shown][lane]
        assert not isinstance(default, Required)
        return default  # type: ignore[no-any-return]


def _parameter(call: Call, slot: str) -> Parameter:
    parameters = OPS[call.name].parameters
    if slot.isdigit():
        positional = [p for p in parameters if p.positional]
        return positional[min(int(slot), len(positional) - 1)]
    return next(p for p in parameters if slot in (p.shown, p.name))


def op_field(parameter: Parameter) -> Field:
    """What a parameter of an op is."""
    if parameter.name in CHANNEL_NAMES:
        return Field("c", Kind.CHANNELS)
    if parameter.name == "groups":
        return Field("g", Kind.GROUPS)
    if parameter.shown in SIZES and parameter.name != "p":
        return Field(parameter.shown, Kind.SIZE)
    kind = Kind.FLAG if parameter.type is BOOLEAN else Kind.OTHER
    return Field(parameter.shown, kind)
