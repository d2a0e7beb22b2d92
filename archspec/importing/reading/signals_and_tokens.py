"""Values of two axes: signals with the channels first, or tokens with the features last.

An op that moves values does not tell which of the two it makes. The first guess comes
from earlier layers. It can change until a layer reads the value, and a later layer that
needs the other one gets a conversion.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from torch import nn

from archspec.importing.reading import layer_calls
from archspec.importing.reading.dataflow import Node
from archspec.importing.reading.op_functions import SAME_NAMES
from archspec.importing.reading.tracing import Operation, Value, around
from archspec.ir.shape import Shape
from archspec.ops.axes import ANY, accepts
from archspec.ops.registry import OPS

if TYPE_CHECKING:
    from archspec.importing.reading.conversion import Converter

OTHER_TYPES = {"LC": "CL", "CL": "LC"}
TURN = (0, 2, 1)


def _may_turn(convert: Converter, node: Node) -> bool:
    """Whether `transpose` and `permute(0, 2, 1)` are both right so far.

    The one has tokens for features and features for tokens, the other a signal.
    """
    is_turn = node.op == "transpose" or node.positional == TURN
    from_tokens = bool(node.inputs) and node.inputs[0].shape.axes == "LC"
    read = any(node in other.inputs for other in convert.nodes)
    return is_turn and from_tokens and not read


def turn_for(convert: Converter, node: Node, sizes: tuple[int, ...]) -> None:
    """Have the channels where a tensor of these sizes has a number for each."""
    if _may_turn(convert, node):
        _turn(node, "CL" if sizes[-1:] == (1,) else "LC")


def retyped(convert: Converter, node: Node, operation: Operation) -> Node:
    """The same values as a signal instead of tokens, or the other way round."""
    other = OTHER_TYPES.get(node.shape.axes)
    if other is None or node in convert.retypes:
        return convert.retypes.get(node, node)
    if _may_turn(convert, node):
        _turn(node, other)
        return node
    outside = next(frame for frame in node.frames if frame in around(operation.frame))
    operation = replace(operation, frame=outside)  # tied layers share it
    if other == "LC":
        turned = convert.call("tokens", node, {}, operation)
        found = convert.call("transpose", turned, {}, operation)
    else:
        turned = convert.call("transpose", node, {}, operation)
        found = convert.call("permute", turned, {"dims": TURN}, operation)
    convert.retypes[node] = found
    return found


def _turn(node: Node, axes: str) -> None:
    op, dims = ("permute", TURN) if axes == "CL" else ("transpose", ())
    node.op, node.positional = op, dims
    node.shape = Shape(node.shape, axes)


def reads_features(convert: Converter, value: Value) -> bool:
    """Whether the first op that asks for channels has them on the last axis."""
    seen = {value}
    queue = [value]
    while queue:
        for operation in convert.readers.get(queue.pop(0), ()):
            layer = operation.layer
            if layer is not None and is_of_features(layer):
                return True
            name, _ = SAME_NAMES.get(operation.function, ("", ()))
            op = layer_calls.find_op(layer) if layer else OPS.get(name)
            if op and op.takes is not ANY:
                return accepts(op.takes, "LC") or accepts(op.takes, "HWC")
            fresh = [each for each in operation.results if each not in seen]
            seen.update(fresh)
            queue += fresh
    return False


def is_of_features(layer: nn.Module) -> bool:
    """Whether it is torch's norm of the last axis, and no subclass for channels."""
    return (
        isinstance(layer, nn.LayerNorm) and type(layer).forward is nn.LayerNorm.forward
    )
