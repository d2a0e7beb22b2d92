"""The entry of an op: signature, family, shape rule, weights, costs, torch's class."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum, StrEnum, auto
from typing import Any, Literal, NamedTuple

from archspec.ir.shape import Shape
from archspec.ops.axes import ANY
from archspec.ops.torch_call import MethodsRule, TorchRule
from archspec.signatures.argument_types import LABEL
from archspec.signatures.signature import Signature

# A rule takes shapes without the batch, and the attributes by torch's names.
ShapeRule = Callable[..., Shape]  # (input, **attributes), or raises ShapeError
CountRule = Callable[..., int]  # (input, output, **attributes), for one image
BytesRule = Callable[..., int]  # (batch size, input, output, **attributes)


class Family(StrEnum):
    """What kind of op it is, in the order in which a legend lists the families."""

    CONVOLUTION = "convolution"
    LINEAR = "linear"
    ATTENTION = "attention"
    POOLING = "pooling"
    NORMALIZATION = "normalization"
    ACTIVATION = "activation"
    REGULARIZATION = "regularization"
    SHAPE = "shape"


class WeightInit(Enum):
    """What an `init` recipe of a `train:` section does to a weight."""

    DRAWN = auto()  # drawn from the recipe's distribution
    ZEROED = auto()
    UNCHANGED = auto()  # as the module's constructor sets it: the scale of a norm


class OpWeight(NamedTuple):
    """A trained tensor of an op: `weight` or `bias` of a convolution."""

    name: str  # in the state dict, below the path of the op
    count: CountRule  # of its numbers; 0 where the attributes omit the weight
    init: WeightInit


def no_macs(_x: Shape, _y: Shape, **_attributes: Any) -> int:
    """Count the multiply-accumulates of an op that has none."""
    return 0


def no_bytes(_batch: int, _x: Shape, _y: Shape, **_attributes: Any) -> int:
    """Count the bytes of an op that saves no tensors of its own."""
    return 0


class SavedTensors(NamedTuple):
    """The tensors that autograd saves when an op runs, for the backward pass.

    `extra_bytes` is the size of those that are neither input nor output, such as the
    mask of a dropout.
    """

    input: bool = False
    output: bool = False
    extra_bytes: BytesRule = no_bytes


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class Op(Signature):
    """Everything that archspec knows of an op."""

    family: Family
    torch: TorchRule
    """How the emitted source constructs it."""

    methods: MethodsRule | None = None
    """How a `forward` writes it without a module: as methods, one after the other."""

    helper: str = ""
    """The source of a class that the emitted module needs because torch has none."""

    takes: tuple[str, ...] = ANY
    """The axes of the input, as examples."""

    bare: Literal["", "prepend", "+", "*"] = ""
    """How a parameter that is the whole op meets its input: `self.scale * x`."""

    undoes: str = ""
    """The op before it whose arguments and input it needs, as `partition`."""

    shape: ShapeRule = lambda x, **_: x
    weights: tuple[OpWeight, ...] = ()
    macs: CountRule = no_macs
    saved_for_backward: SavedTensors
    view: Literal["never", "inference", "always"] = "never"
    """When the output shares the memory of the input."""

    reads_label: bool = field(init=False)
    """Whether it has a second input, the output of a label."""

    def __post_init__(self) -> None:
        """Look at the parameters once, since every call asks."""
        reads_label = any(parameter.type is LABEL for parameter in self.parameters)
        object.__setattr__(self, "reads_label", reads_label)

    @property
    def needs_forward(self) -> bool:
        """Whether `nn.Sequential` cannot call it."""
        return bool(self.bare) or self.reads_label

    def count_parameters(self, x: Shape, y: Shape, **attributes: Any) -> int:
        """Return the number of trained parameters, for an input and output shape."""
        total = 0
        for weight in self.weights:
            total += weight.count(x, y, **attributes)
        return total
