"""What an op is: one entry that says everything archspec knows of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from archspec.ir.graph import Shape
from archspec.ir.symbolic import Symbolic, as_symbolic
from archspec.signatures.signature import Signature


class ShapeError(Exception):  # a fact; lowering finds the place
    """Why an op cannot take its input, in words without a place."""

    def __init__(
        self, code: str, message: str, parameter: str = "", help: str = ""
    ) -> None:
        """`parameter` names the argument at fault, by torch's name."""
        super().__init__(message)
        self.code, self.message = code, message
        self.parameter, self.help = parameter, help


@dataclass(frozen=True, slots=True)
class TorchCall:
    """A module's construction: `nn.Conv2d(3, 64, kernel_size=7)`.

    A keyword argument that is a literal equal to its value in `defaults` may be left
    out: torch has the same default.
    """

    name: str
    args: tuple[Symbolic, ...] = ()
    kwargs: Mapping[str, Symbolic] = field(default_factory=dict)
    defaults: Mapping[str, Any] = field(default_factory=dict)


Attributes = Mapping[str, Symbolic]
ShapeRule = Callable[..., Shape]
CostRule = Callable[..., int]
ViewRule = Literal["never", "inference", "always"]
TorchRule = Callable[["Op", Shape, Attributes], TorchCall]


def no_cost(_before: Shape, _after: Shape, **_attributes: Any) -> int:
    """An op without weights, or without multiplications."""
    return 0


def no_bytes(_batch: int, _before: Shape, _after: Shape, **_attributes: Any) -> int:
    """An op whose backward needs its input or output, or nothing."""
    return 0


def written_as(name: str, *, channels_first: bool = False) -> TorchRule:
    """The usual way torch writes an op: a class that takes the op's own parameters.

    `channels_first` is for classes that begin with the number of input channels.
    """

    def rule(op: Op, before: Shape, attributes: Attributes) -> TorchCall:
        lead = (as_symbolic(channels(before)),) if channels_first else ()
        return plain_call(op, name, attributes, lead)

    return rule


def plain_call(
    op: Op, name: str, attributes: Attributes, lead: tuple[Symbolic, ...] = ()
) -> TorchCall:
    """A call with the positional parameters by position and the rest by keyword."""
    keywords = [p for p in op.parameters if not p.positional]
    values = {name: item.value for name, item in attributes.items()}
    return TorchCall(
        name,
        (*lead, *(attributes[p.name] for p in op.parameters if p.positional)),
        {p.name: attributes[p.name] for p in keywords},
        {p.name: p.default_beside(values) for p in keywords},
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Op(Signature):
    """An op: signature, shape rule, costs, and how torch writes it.

    `shape` takes the input shape and the attributes by torch's names, all integers,
    and returns the output shape or raises `ShapeError`. `weights` and `macs` take both
    shapes and the attributes, and count for one image. `ranks` are the numbers of
    dimensions it takes, the batch aside. `helper` is the source of a class that the
    emitted module needs where torch has none.

    `keeps` is what backward needs, and `beside` the bytes of what else it needs, for a
    batch: `beside(batch, x, y, **attributes)`. The output of a `view` is its input, seen
    otherwise, and takes no memory.
    """

    family: str
    torch: TorchRule
    shape: ShapeRule = lambda x, **_: x
    weights: CostRule = no_cost
    macs: CostRule = no_cost
    keeps: Literal["input", "output", "nothing"] = "input"
    beside: CostRule = no_bytes
    view: ViewRule = "never"
    ranks: tuple[int, ...] = (1, 2, 3)
    helper: str = ""


def channels(shape: Shape) -> int:
    """The channels of an image, or the features of tokens and vectors."""
    return shape[0] if len(shape) == 3 else shape[-1]


def bytes_of(values: int) -> int:
    """Of as many 32-bit floats."""
    return 4 * values


def pair(value: int | tuple[int, int]) -> tuple[int, int]:
    """One number for both axes, or one for each."""
    return value if isinstance(value, tuple) else (value, value)
