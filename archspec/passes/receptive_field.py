"""Receptive fields: how much of the input a position of an output depends on.

The rules are those of Araujo, Norris and Sim (Distill, 2019). Normalization, whose
statistics cover the whole input, does not count.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from math import ceil
from typing import Any, NamedTuple

from archspec.ir.graph import INPUT, Graph, Node, Shape, Value
from archspec.ir.shape import CHANNELS
from archspec.ops.merging import MERGES
from archspec.ops.op import Family
from archspec.ops.registry import OPS
from archspec.ops.shapes import spread

TAPS = {"nearest": 1, "linear": 2, "bilinear": 2, "trilinear": 2, "bicubic": 4}
UNCHANGED = frozenset(("pad", "crop", "pad_like", "crop_like"))  # other sizes, one grid


class Field(NamedTuple):
    """The receptive field along one axis, in positions of the input."""

    size: Fraction
    stride: Fraction  # between neighboring positions of the output

    def after(self, kernel: Fraction | int, step: Fraction | int) -> Field:
        """Return the field of a window of `kernel` positions, `step` apart."""
        return Field(self.size + (kernel - 1) * self.stride, self.stride * step)


Fields = Mapping[str, Field]  # by the letter of the axis; without an axis if unknown
ONE = Field(Fraction(1), Fraction(1))


def receptive_fields(graph: Graph) -> dict[Node | None, Fields]:
    """Return the fields of each node's output; those of the one input under None."""
    found: dict[Node | None, Fields] = {}
    if not graph.has_named_inputs:
        found[None] = _of_input(graph.inputs[0].value)
    for node in graph.nodes:
        for value in node.inputs:
            if value.producer and value.producer.op == INPUT:
                found[value.producer] = _of_input(value)
        found[node] = _of_node(node, [found[x.producer] for x in node.inputs])
    return found


def _of_input(value: Value) -> Fields:
    axes = value.shape.axes if value.shape else ""
    return {axis: ONE for axis in axes if axis != CHANNELS}


def _of_node(node: Node, inputs: list[Fields]) -> Fields:
    if node.op in MERGES:
        common = set.intersection(*(set(fields) for fields in inputs))
        return {axis: _joined([fields[axis] for fields in inputs]) for axis in common}
    x, y = node.inputs[0].shape, node.output.shape
    assert x is not None
    assert y is not None
    if OPS[node.op].family is Family.ATTENTION or node.op == "transpose":
        return {}
    return {
        axis: _of_axis(node.op, node.values, x, y, axis, field)
        for axis, field in inputs[0].items()
        if axis in y.axes
    }


def _joined(fields: list[Field]) -> Field:
    """Return the field of a join; a branch of size 1 that stretches has no stride."""
    return Field(max(f.size for f in fields), min(f.stride for f in fields))


def _of_axis(
    op: str, values: Mapping[str, Any], x: Shape, y: Shape, axis: str, field: Field
) -> Field:
    before, after = x[x.axes.index(axis)], y[y.axes.index(axis)]
    if "kernel_size" in values:
        kernel, stride, dilation = (
            _along(axis, values.get(name, 1), x)
            for name in ("kernel_size", "stride", "dilation")
        )
        reach = dilation * (kernel - 1)
        if op == "conv_transpose":  # a convolution of the input with zeros between
            return field.after(reach // stride + 1, Fraction(1, stride))
        return field.after(reach + 1, stride)
    if before == after or op in UNCHANGED:
        return field
    scale = Fraction(before, after)
    if "mode" in values:  # interpolation
        return field.after(TAPS.get(values["mode"], 1), scale)
    if scale < 1:  # `pixel_shuffle`
        return field.after(1, scale)
    window = ceil(scale) + (before % after != 0)
    return field.after(window, scale)


def _along(axis: str, value: Any, x: Shape) -> int:
    sizes: tuple[int, ...] = spread(value, x, "kernel_size")
    return sizes[x.axes.replace(CHANNELS, "").index(axis)]
