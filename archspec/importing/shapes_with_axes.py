"""Give the shapes of steps their axes, which the compiler knows: where the channels are."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from archspec.importing.inner_bodies import Body, map_bodies
from archspec.importing.steps import Call, Instance, Network, Step
from archspec.ir import graph as ir
from archspec.ir.shape import Shape


def with_axes(network: Network, graph: ir.Graph) -> Network:
    """The network with shapes from the graph that it was compiled to.

    Both have the same calls and modules in the same order, but for identities.
    """
    shapes = _shapes(graph)

    def change(body: Body) -> Body:
        return [_changed(step) for step in body]

    def _changed(step: Step) -> Step:
        is_known = isinstance(step, Call) and step.name != "identity"
        if is_known or isinstance(step, Instance):
            inputs, output = next(shapes)
            step = replace(step, inputs=inputs, output=output)  # type: ignore[arg-type]
        return map_bodies(step, change)

    return replace(network, body=change(network.body))


def _shapes(graph: ir.Graph) -> Iterator[tuple[tuple[Shape, ...], Shape]]:
    for item in ir.walk(graph.body):
        match item:
            case ir.Layer(node=node) if node.op != "identity":
                yield tuple(map(_known, node.inputs)), _known(node.output)
            case ir.Module() if item.block:
                yield (_known(item.input),), _known(item.output)


def _known(value: ir.Value) -> Shape:
    assert value.shape is not None
    return value.shape.plain()
