"""Read an `nn.Module` as a network of nested steps."""

from __future__ import annotations

from torch import nn

from archspec.importing.conversion import Converter
from archspec.importing.layer_calls import find_op
from archspec.importing.steps import Network
from archspec.importing.structure import steps_of
from archspec.importing.tracing import Inputs, trace


def read(module: nn.Module, inputs: Inputs, name: str) -> Network:
    """The steps of a module on inputs of these shapes, the batch not counted.

    Raises:
        UnsupportedModuleError: if it does what no spec can.
    """
    traced = trace(module, inputs, lambda layer: find_op(layer) is not None)
    originals = dict([*module.named_parameters(), *module.named_buffers()])
    converter = Converter(traced, originals)
    outputs = converter.run()
    assert converter.root
    entries = [node for node in converter.nodes if not node.op]
    body = steps_of(converter.nodes, converter.root, entries, outputs)
    shapes = {node.label or "": tuple(node.shape) for node in entries}
    return Network(name, shapes, body)
