"""The channels of a value, as an expression over the parameters of a block."""

from __future__ import annotations

import ast

from archspec.ir import graph as ir
from archspec.ir.symbolic import (
    Symbolic,
    SymbolicInt,
    code_of,
    without_code,
)


def channels_as(shape: ir.Shape, code: ast.expr) -> ir.Shape:
    """The shape with an expression for its channels."""
    sizes = [int(size) for size in shape]
    axis = shape.channel_axis
    sizes[axis] = SymbolicInt(sizes[axis], code)
    return ir.Shape(sizes, shape.axes)


def channels_forgotten(shape: ir.Shape, *codes: ast.expr) -> ir.Shape:
    """The shape without expressions; its channels depend on what they read."""
    plain = shape.plain()
    return plain.with_channels(without_code(plain.channels, *codes))


def with_channels(x: ir.Value, code: ast.expr) -> ir.Value:
    """The value as a body reads it: its channels are a variable there.

    In a block, `conv(cin, k=1)` on 64 channels becomes `nn.Conv2d(in_channels, ...)`.
    """
    if x.shape is None:
        return x
    return ir.Value(channels_as(x.shape, code), x.producer, None, x)


def channels_code(x: ir.Value) -> ast.expr | None:
    """The expression of a value's channels; None if they are unknown."""
    return code_of(x.shape.channels) if x.shape else None


def symbolic_channels(x: ir.Value) -> Symbolic | None:
    """A value's channels as a value of the language."""
    if x.shape is None:
        return None
    count = x.shape.channels
    return Symbolic(int(count), code_of(count))
