"""Layers of the graph once more, on another value: the nodes of `tied`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from archspec.diagnostics.source import Span
from archspec.ir import graph as ir
from archspec.lowering.context import Context
from archspec.lowering.op_calls import LABEL_NAME
from archspec.lowering.provenance import format_shape
from archspec.ops.axes import accepts, described, expected
from archspec.ops.merging import MERGES, chunk_shape, sized_chunks
from archspec.ops.op import Op
from archspec.ops.registry import OPS
from archspec.ops.shapes import ShapeError


def run_again(
    item: ir.Layer | ir.Module, x: ir.Value, span: Span, context: Context
) -> ir.Layer | ir.Module:
    """A layer or module with the nodes of one more run, which counts no weights.

    Raises:
        ShapeError: if a layer does not fit, or would need other weights.
    """
    path = item.path if isinstance(item, ir.Module) else item.node.path
    run = _Run(path, span, context)
    if isinstance(item, ir.Module):
        return replace(run.module(item, x), is_tied=True)
    return run.layer(item, x)


class _Run:
    """One run, in which labels outside keep their values."""

    def __init__(self, tied_to: str, span: Span, context: Context) -> None:
        self.tied_to = tied_to
        self.span = span  # of `tied`
        self.context = context
        self.outputs: dict[ir.Node, ir.Value] = {}  # of each node of the first run

    def body(
        self, body: Sequence[ir.Item], x: ir.Value
    ) -> tuple[tuple[ir.Item, ...], ir.Value]:
        """The items of a body and its output."""
        items: list[ir.Item] = []
        for item in body:
            again, x = self.item(item, x)
            items.append(again)
        return tuple(items), x

    def item(self, item: ir.Item, x: ir.Value) -> tuple[ir.Item, ir.Value]:
        """An item and its output."""
        match item:
            case ir.Layer():
                layer = self.layer(item, x)
                return layer, layer.node.output
            case ir.Module():
                module = self.module(item, x)
                return module, module.output
            case ir.Merge():
                merge = self.merge(item, x)
                return merge, merge.node.output
            case ir.Choice():
                body, y = self.body(item.body, x)
                return replace(item, body=body), y
            case ir.Repeat():
                repeat, outputs = self.repeat(item, x)
                return repeat, outputs[-1]
            case ir.Collect():
                repeat, outputs = self.repeat(item.repeat, x)
                node = self.join(item.node, outputs, x)
                return replace(item, repeat=repeat, node=node), node.output
            case ir.Reference():
                reference = self.reference(item)
                return reference, reference.value
            case ir.Tied():
                inner, y = self.item(item.item, x)
                assert isinstance(inner, ir.Layer | ir.Module)
                return replace(item, item=inner, output=y), y
        return item, x

    def module(self, module: ir.Module, x: ir.Value) -> ir.Module:
        body, y = self.body(module.body, x)
        return replace(module, body=body, input=x, output=y)

    def repeat(
        self, repeat: ir.Repeat, x: ir.Value
    ) -> tuple[ir.Repeat, tuple[ir.Value, ...]]:
        """A repeat, with what comes in and the output of each iteration."""
        iterations, outputs = [], [x]
        for iteration in repeat.iterations:
            body, y = self.body(iteration, outputs[-1])
            iterations.append(body)
            outputs.append(y)
        return replace(repeat, iterations=tuple(iterations)), tuple(outputs)

    def join(self, node: ir.Node, inputs: tuple[ir.Value, ...], x: ir.Value) -> ir.Node:
        shapes = [value.shape for value in inputs if value.shape is not None]
        return self.node(node, inputs, MERGES[node.op].shape(shapes), x)

    def reference(self, reference: ir.Reference) -> ir.Reference:
        producer = reference.value.producer
        value = self.outputs.get(producer) if producer else None
        return replace(reference, value=value) if value else reference

    def layer(self, layer: ir.Layer, x: ir.Value) -> ir.Layer:
        reads = self.reference(layer.reads) if layer.reads else None
        inputs = (x, reads.value) if reads else (x,)
        node = self.node(layer.node, inputs, _layer_shape(layer.node, inputs), x)
        node.weights = layer.node.weights
        if x.shape is not None and node.output.shape is not None:
            node.macs = OPS[node.op].macs(x.shape, node.output.shape, **node.values)
        return replace(layer, node=node, reads=reads)

    def merge(self, merge: ir.Merge, x: ir.Value) -> ir.Merge:
        assert x.shape is not None
        count = len(merge.branches)
        entries = [x] * count
        if merge.split:
            chunks = [chunk_shape(x.shape, count)] * count
            if merge.sizes is not None:
                chunks = sized_chunks(x.shape, merge.sizes.value)
            entries = [ir.Value(each, x.producer, self.span, x) for each in chunks]
        pairs = zip(merge.branches, entries, strict=True)
        runs = [self.body(branch, entry) for branch, entry in pairs]
        node = self.join(merge.node, tuple(y for _, y in runs), x)
        return replace(merge, node=node, branches=tuple(items for items, _ in runs))

    def node(
        self,
        node: ir.Node,
        inputs: tuple[ir.Value, ...],
        shape: ir.Shape,
        before: ir.Value,
    ) -> ir.Node:
        self.context.run.count_layer(self.span)
        output = ir.Value(shape, span=self.span, before=before)
        again = replace(
            node,
            inputs=inputs,
            output=output,
            calls=(self.span, *node.calls),
            tied_to=self.tied_to,
        )
        output.producer = again
        self.outputs[node] = output
        return again


def _layer_shape(node: ir.Node, inputs: Sequence[ir.Value]) -> ir.Shape:
    """The output shape of a layer that was made for other inputs."""
    op = OPS[node.op]
    first = node.inputs[0].shape
    x, *others = [value.shape.plain() for value in inputs if value.shape is not None]
    assert first is not None
    if not accepts(op.takes, x.axes):
        raise ShapeError(
            "wrong-rank",
            f"`{node.path}` expects {expected(op.takes)}, found {format_shape(x)}, "
            f"{described(x.axes)}",
        )
    if _made(op, node, x) != _made(op, node, first):
        subject = f"the weights of `{node.path}`" if node.weights else f"`{node.path}`"
        wanted, found = _difference(op, node, first, x)
        raise ShapeError(
            "tied-mismatch",
            f"{subject} expect{'' if node.weights else 's'} {wanted}, found {found}",
        )
    values = {name: value for name, value in node.values.items() if name != LABEL_NAME}
    try:
        return op.shape(x, *others, **values)
    except ShapeError as error:
        message = f"`{node.path}` does not fit: {error.message}"
        raise ShapeError(error.code, message) from error


def _difference(op: Op, node: ir.Node, first: ir.Shape, x: ir.Shape) -> tuple[str, str]:
    """What a layer was made for and what it finds: the channels, if they alone matter."""
    is_same = first.axes == x.axes and first.channels != x.channels
    other = x.with_channels(first.channels)
    if is_same and _made(op, node, other) == _made(op, node, first):
        noun = "feature" if x.axes == "C" else "channel"
        return f"{first.channels} {noun}{'s' * (first.channels != 1)}", str(x.channels)
    return format_shape(first), format_shape(x)


def _made(op: Op, node: ir.Node, x: ir.Shape) -> object:
    """How torch makes a layer for an input, without the expressions behind the values."""
    call = op.torch(op, x, node.attributes)
    arguments = [item.value for item in call.args]
    keywords = {name: item.value for name, item in call.kwargs.items()}
    return call.name, arguments, keywords, call.factor
