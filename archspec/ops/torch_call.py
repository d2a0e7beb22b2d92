"""How the emitted source constructs an op: `nn.Conv2d(3, 64, kernel_size=7)`."""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

from archspec.ir.shape import Shape
from archspec.ir.symbolic import Symbolic, as_symbolic
from archspec.signatures.signature import Signature

Attributes = Mapping[str, Symbolic]


class TorchCall(NamedTuple):
    """The construction of a module: a class and its arguments.

    The source omits a keyword argument that is a literal equal to its value in
    `defaults`: torch has the same default. `factor` scales what is constructed.
    """

    name: str
    args: tuple[Symbolic, ...] = ()
    kwargs: Mapping[str, Symbolic] = MappingProxyType({})
    defaults: Mapping[str, Any] = MappingProxyType({})
    factor: float = 1.0


class TensorMethod(NamedTuple):
    """A method of a tensor with plain numbers: `x.flatten(1)`."""

    name: str
    arguments: tuple[int, ...] = ()


# Takes the attributes as plain values.
MethodsRule = Callable[..., tuple[TensorMethod, ...]]


def as_method(name: str, *arguments: int) -> MethodsRule:
    """Return the rule for an op that is one method, always with the same numbers."""

    def rule(**_attributes: Any) -> tuple[TensorMethod, ...]:
        return (TensorMethod(name, arguments),)

    return rule


# Takes the op, its input's shape and its attributes.
TorchRule = Callable[[Signature, Shape, Attributes], TorchCall]


def written_as(name: str, *, channels_first: bool = False) -> TorchRule:
    """Return the rule for a class that takes the parameters of the op itself.

    With `channels_first`, the number of input channels precedes them: `conv(64, k=7)`
    on 3 channels is `nn.Conv2d(3, 64, kernel_size=7)`. `{n}` in a name stands for the
    number of axes besides the channels.
    """

    def rule(op: Signature, x: Shape, attributes: Attributes) -> TorchCall:
        first = (as_symbolic(x.channels),) if channels_first else ()
        return plain_call(op, of_axes(name, x), attributes, first)

    return rule


def together(*items: Symbolic) -> Symbolic:
    """Return some values as one tuple."""
    values = tuple(item.value for item in items)
    return Symbolic(values, ast.Tuple([item.code for item in items], ast.Load()))


def of_axes(name: str, x: Shape) -> str:
    """Return the name of the class for these axes: `nn.Conv2d` for an image."""
    return name.replace("{n}", str(max(1, len(x) - 1)))


def plain_call(
    op: Signature, name: str, attributes: Attributes, first: tuple[Symbolic, ...] = ()
) -> TorchCall:
    """Pass the op's positional parameters by position, the others by keyword."""
    keywords = [p for p in op.parameters if not p.positional]
    values = {name: item.value for name, item in attributes.items()}
    return TorchCall(
        name,
        (*first, *(attributes[p.name] for p in op.parameters if p.positional)),
        {p.name: attributes[p.name] for p in keywords},
        {p.name: p.default_given(values) for p in keywords},
    )
