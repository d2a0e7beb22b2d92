"""From the operations of a trace to a dataflow of the language's ops."""

from __future__ import annotations

from dataclasses import replace
from math import prod
from typing import Any

import torch
from torch import Tensor, nn

from archspec.importing.reading import function_calls, layer_calls, movements
from archspec.importing.reading.attention_pattern import (
    Attention,
    find_attention,
    in_heads,
)
from archspec.importing.reading.dataflow import Node
from archspec.importing.reading.moved_values import node_of_moved
from archspec.importing.reading.movement_candidates import (
    positions,
)
from archspec.importing.reading.movements import FUNCTIONS
from archspec.importing.reading.signals_and_tokens import (
    is_of_features,
    reads_features,
    retyped,
    turn_for,
)
from archspec.importing.reading.tracing import (
    BATCH,
    Operation,
    Trace,
    Value,
)
from archspec.importing.reading.value_flow import (
    operations_before,
    readers_of_values,
    sources_of_values,
)
from archspec.importing.steps import Value as Argument
from archspec.importing.unsupported import UnsupportedModuleError
from archspec.ir.shape import Shape
from archspec.ops.axes import accepts, described
from archspec.ops.merging import MERGES
from archspec.ops.registry import OPS
from archspec.ops.shapes import ShapeError

SQUEEZES = ("contiguous", "flatten", "reshape", "squeeze", "view")
SPREADS = ("expand", "expand_as", "repeat", "tile", "to", "type_as")


class Converter:
    """Makes the nodes of a trace, in the order in which they run.

    What moves values waits until its result is read, since only then several functions
    are seen as one op.
    """

    def __init__(
        self, trace: Trace, tensors: dict[str, Tensor], constants: dict[str, Tensor]
    ) -> None:
        """Take the tensors of the module by path, and those that are not in its state."""
        self.trace = trace
        self.parameters = {
            path for path, each in tensors.items() if isinstance(each, nn.Parameter)
        }
        self.tensors = tensors
        self.constants = constants
        self.nodes: list[Node] = []
        self.of_value: dict[Value, Node] = {}
        self.paths: set[str] = set()
        self.concats: dict[tuple[int, ...], Node] = {}
        self.retypes: dict[Node, Node] = {}
        self.readers = readers_of_values(trace)
        self.sources = sources_of_values(trace)
        self.layouts: dict[Value, Tensor] = {}  # of values that are no shape of ours
        self.attentions = {
            operation: found
            for operation in trace.operations
            if (found := find_attention(operation, self.readers))
        }

    def run(self) -> list[Node]:
        """Convert all that the outputs depend on, and return the outputs."""
        for name, value in self.trace.inputs.items():
            shape = Shape.of_input(value.sizes[1:])
            self.of_value[value] = Node("", [], shape, self.trace.frame, label=name)
            self.nodes.append(self.of_value[value])
        outputs = self.trace.results
        needed = operations_before(outputs)
        for attention in self.attentions.values():
            needed -= attention.inner
        for operation in self.trace.operations:
            value = operation.results[0]
            waits = self.moves(operation) or self.weight(value)
            if operation in needed and not waits:
                self.of_value[value] = self.convert(operation)
        found: list[Node] = []
        for value in outputs:
            node = self._output(value)
            if outputs[1:] and (not node.op or node in found):  # `return x, self.f(x)`
                identity = Node("identity", [node], node.shape, self.trace.frame)
                node = self.add(identity)
            found.append(node)
        return found

    def _output(self, value: Value) -> Node:
        """The node of a value that is returned, in a shape that a spec has.

        Specs have no scalars and no images without channels, and so keep axes of size 1
        that a module removes in the end, as `self.fc(x).squeeze(1)` does.
        """
        try:
            return self.node(value)
        except UnsupportedModuleError:
            last = value.operation
            if not last or last.function not in SQUEEZES:
                raise
            before = last.values[0]
            if _without_ones(before) != _without_ones(value):
                raise
            node = self._output(before)
            if len(node.shape) > 1 and node.shape.channels == prod(node.shape):
                outside = replace(last, frame=self.trace.frame)
                node = self.call("flatten", node, {}, outside)
            return node

    # --- operations ---

    def convert(self, operation: Operation) -> Node:
        """The node of an operation that computes."""
        layer = operation.layer
        if layer is not None:
            return self._layer(operation, layer)
        if operation in self.attentions:
            return self._attention(operation, self.attentions[operation])
        handler = function_calls.HANDLERS.get(operation.function)
        if handler is None:
            raise self.unsupported(operation)
        return handler(self, operation)

    def _layer(self, operation: Operation, layer: nn.Module) -> Node:
        op = layer_calls.find_op(layer)
        assert op
        x = self.node(operation.values[0])
        if is_of_features(layer) and x.shape.axes == "CL":
            x = retyped(self, x, operation)
        like = self.node(operation.values[1]) if op.reads_label else None
        if not like and len({*operation.values}) > 1:
            raise self.unsupported(operation, "of several different inputs")
        if option := layer_calls.unusual_option(op, layer):
            raise self.unsupported(operation, f"with `{option}`")
        if op.name in layer_calls.OVER_CHANNELS:
            return self.over_channels(
                op.name, operation.values[0], layer.dim, operation
            )
        try:
            attributes = layer_calls.attributes(op, layer)
        except AttributeError:
            raise self.unsupported(operation) from None
        for name, argument in attributes.items():
            if argument is None:  # of `nn.BatchNorm2d(momentum=None)`
                raise self.unsupported(operation, f"with `{name}=None`")
        has_state = bool(layer.state_dict())
        path = operation.path if has_state else None
        return self.call(op.name, x, attributes, operation, path, like)

    def _attention(self, operation: Operation, attention: Attention) -> Node:
        """Attention among tokens, whose channels are queries, keys and values."""
        heads = attention.query.sizes[1]
        parts = [attention.query, attention.key, attention.value]
        sources = [self.sources[part] for part in parts]
        nodes = [self.node(source) for source in sources]
        sizes = [heads * part.sizes[-1] for part in parts]
        if len({*sources}) == 1:
            x = nodes[0]
            expected = torch.split(positions(x.shape, BATCH), sizes, dim=-1)
        else:
            expected = tuple(positions(node.shape, BATCH) for node in nodes)
            x = self.concat(nodes, operation)
        for part, source, numbers in zip(parts, sources, expected, strict=True):
            moved = movements.replayed(part, source, self.layouts.get(source))
            if numbers.ndim != 3 or not moved.equal(in_heads(numbers, heads)):
                raise self.unsupported(operation, "of heads in another layout")
        attributes = {"heads": heads, "keys": sizes[0], "dropout": attention.dropout}
        node = self.call("dot_product_attention", x, attributes, operation)
        result = operation.results[0]
        self.layouts[result] = in_heads(positions(node.shape, BATCH), heads)
        return node

    def over_channels(
        self, name: str, value: Value, dim: Any, operation: Operation
    ) -> Node:
        """A new node for an op along the axis of the channels."""
        x = self.node(value)
        rank = len(value.sizes)
        if dim is None:  # torch's implicit one
            dim = 0 if rank in (1, 3) else 1
        if dim % rank != x.shape.channel_axis + 1:
            raise self.unsupported(operation, f"along axis {dim}")
        return self.call(name, x, {}, operation)

    def call(
        self,
        name: str,
        x: Node,
        attributes: dict[str, Any],
        operation: Operation,
        path: str | None = None,
        like: Node | None = None,
    ) -> Node:
        """A new node for an op, its arguments by torch's names.

        `like` is what the op reads by its label.
        """
        if name.startswith("adaptive_") and attributes["output_size"] == 1:
            name, attributes = name.replace("adaptive", "global"), {}
        op = OPS[name]
        if not accepts(op.takes, x.shape.axes):
            x = retyped(self, x, operation)
        if not accepts(op.takes, x.shape.axes):
            raise self.unsupported(operation, f"of {described(x.shape.axes)}")
        if like and not accepts(op.takes, like.shape.axes):
            like = retyped(self, like, operation)
        values = attributes | op.defaults(attributes)
        values.pop("label", None)
        try:
            shapes = [x.shape, like.shape] if like else [x.shape]
            shape = op.shape(*shapes, **values)
        except ShapeError as error:
            raise self.unsupported(operation, f"({error.message})") from None
        positional: list[Argument] = []
        keywords: dict[str, Argument] = {}
        for p in op.parameters:
            if p.name not in attributes:
                continue
            value = attributes[p.name]
            if p.variadic:
                positional += value
            elif p.positional:
                positional.append(value)
            elif value != p.default_given(values):
                keywords[p.shown] = value
        inputs = [x, like] if like else [x]
        node = Node(
            name, inputs, shape, operation.frame, tuple(positional), keywords, path
        )
        node.like = like
        return self.add(node)

    def join(self, kind: str, inputs: list[Node], operation: Operation) -> Node:
        """A new node for a join of several values."""
        if len({node.shape.axes for node in inputs}) > 1:
            axes = "LC" if reads_features(self, operation.results[0]) else "CL"
            inputs = [
                node if node.shape.axes == axes else retyped(self, node, operation)
                for node in inputs
            ]
        try:
            shape = MERGES[kind].shape([node.shape for node in inputs])
        except ShapeError as error:
            raise self.unsupported(operation, f"({error.message})") from None
        return self.add(Node(kind, inputs, shape, operation.frame))

    def weight(self, value: Value) -> str:
        """The path of a parameter that a value is, whatever its sizes; or ""."""
        while value.operation and value.operation.function in (*SPREADS, *FUNCTIONS):
            if not value.operation.values:
                break
            value = value.operation.values[0]
        return value.weight

    def bare(self, op: str, path: str, x: Node, operation: Operation) -> Node:
        """A new node for a parameter that meets a value, as a class token does."""
        attributes: dict[str, Any] = {}
        sizes = tuple(self.tensors[path].shape)
        if op == "layer_scale":
            turn_for(self, x, sizes)
        elif x.shape.axes == "CL":
            x = retyped(self, x, operation)
        if op == "layer_scale" and self.tensors[path].numel() == 1 < x.shape.channels:
            raise UnsupportedModuleError(
                f"{operation.frame} computes with `{path}`, one number for all channels: "
                f"make it one for each, `torch.zeros({_listed(op, x.shape)})`, which "
                "archspec has as `layer_scale`"
            )
        if sizes != _sizes_of(op, x.shape):
            raise self.unsupported(operation, f"with `{path}` of {list(sizes)}")
        if op == "layer_scale":
            numbers = self.tensors[path].detach().flatten()
            is_constant = bool((numbers == numbers[0]).all())
            attributes["init"] = float(f"{numbers[0]:.7g}") if is_constant else 1.0
        return self.call(op, x, attributes, operation, path)

    def concat(self, inputs: list[Node], operation: Operation) -> Node:
        """A join of channels. One that grows another is a join of that and the new.

        It belongs to the innermost module that made one of its inputs.
        """
        if len(inputs) == 1:
            return inputs[0]
        key = tuple(map(id, inputs))
        for count in range(len(key) - 1, 1, -1):
            if key[:count] in self.concats:
                inputs = [self.concats[key[:count]], *inputs[count:]]
                break
        node = self.concats[key] = self.join("concat", inputs, operation)
        while (
            len({*map(id, inputs)}) > 1
            and node.frame
            and node.frame.caller
            and not any(node.frame in each.frames for each in inputs)
        ):
            node.frame = node.frame.caller
        return node

    def add(self, node: Node) -> Node:
        """Keep a new node, whose weights may have run before."""
        if node.path is not None:
            node.is_repeated = node.path in self.paths
            self.paths.add(node.path)
        self.nodes.append(node)
        return node

    # --- values ---

    def node(self, value: Value) -> Node:
        """The node that makes a value; ops are found for the movements before it."""
        if value in self.of_value:
            return self.of_value[value]
        if value.operation is None or value.weight:
            what = f"`{value.weight}`" if value.weight else "a constant tensor"
            raise UnsupportedModuleError(
                f"{what} is read in a way that archspec has no op for"
            )
        self.of_value[value] = node_of_moved(self, value)
        return self.of_value[value]

    def is_read(self, value: Value) -> bool:
        """Whether an operation reads a value, or the module returns it."""
        return value in self.readers or value in self.trace.results

    def moves(self, operation: Operation) -> bool:
        """Whether an operation only moves values of one other value."""
        result = operation.results[0]
        return self.sources[result] is not result

    def unsupported(
        self, operation: Operation, how: str = ""
    ) -> UnsupportedModuleError:
        """The error that names an operation, and the module that calls it."""
        layer = operation.layer
        what = operation.function or type(layer).__name__
        calls = f"{operation.frame} calls `{what}`" if not layer else ""
        if layer:
            calls = f"`{operation.path}` is `{what}`"
        return UnsupportedModuleError(
            f"{calls} {how}".rstrip() + ", for which archspec has no op"
        )


def _listed(op: str, x: Shape) -> str:
    return ", ".join(map(str, _sizes_of(op, x)))


def _without_ones(value: Value) -> list[int]:
    return [size for size in value.sizes if size != 1]


def _sizes_of(op: str, x: Shape) -> tuple[int, ...]:
    """The sizes of a parameter that is an op: as the compiler makes it."""
    match op:
        case "class_token":
            return (1, 1, x.channels)
        case "position_embedding":
            return (1, *x)
    return (x.channels, *(1 for _ in x.axes[x.channel_axis + 1 :]))
