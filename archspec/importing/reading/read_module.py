"""Read an `nn.Module` as a network of nested steps."""

from __future__ import annotations

from itertools import zip_longest

from torch import nn

from archspec.importing.reading.conversion import Converter
from archspec.importing.reading.layer_calls import find_op
from archspec.importing.reading.obstacles import require_readable
from archspec.importing.reading.structure import structured
from archspec.importing.reading.tracing import (
    ATTENTION,
    Frame,
    Inputs,
    Trace,
    named_tensors,
    trace,
)
from archspec.importing.steps import Network
from archspec.importing.unsupported import UnsupportedModuleError


def read(module: nn.Module, inputs: Inputs, name: str) -> Network:
    """The steps of a module on inputs of these shapes, the batch not counted.

    Raises:
        UnsupportedModuleError: if it does what no spec can.
    """
    require_readable(module)
    names = {key.partition(".")[0] for key in module.state_dict()}
    inputs = {  # which share a level of names with the layers of the network
        f"{key}_input" if key in names else key: shape for key, shape in inputs.items()
    }
    traced, heads = _traced(module, inputs)
    tensors = named_tensors(module)
    kept = {*module.state_dict()}
    constants = {path: each for path, each in tensors.items() if path not in kept}
    converter = Converter(traced, tensors, constants)
    outputs = converter.run()
    main = len(outputs) - heads
    keys = traced.keys[:main]
    body, labels = structured(converter.nodes, outputs[:main], outputs[main:], keys)
    shapes = {
        node.label or "": tuple(node.shape) for node in converter.nodes if not node.op
    }
    return Network(name, shapes, body, labels, keys=keys)


def first_difference_in_training(module: nn.Module, inputs: Inputs) -> Frame | None:
    """The call of a module that first computes something else in training mode."""
    modes = (trace(module, inputs, _is_layer, training=mode) for mode in (False, True))
    for one, other in zip_longest(*(traced.operations for traced in modes)):
        names = {each and (each.function, each.path) for each in (one, other)}
        if len(names) > 1:
            return (other or one).frame
    return None


def _traced(module: nn.Module, inputs: Inputs) -> tuple[Trace, int]:
    """The trace of a module, and how many of its outputs only training has."""
    evaluating = trace(module, inputs, _is_layer)
    has_heads = bool(_unread(module, evaluating))
    if not has_heads and not any(
        op.function == ATTENTION for op in evaluating.operations
    ):
        return evaluating, 0
    try:
        training = trace(module, inputs, _is_layer, training=True)
    except UnsupportedModuleError:  # as a norm of one value for each channel
        return evaluating, 0
    _take_dropout(evaluating, training)
    if not has_heads:
        return evaluating, 0
    heads = len(training.results) - len(evaluating.results)
    if heads > 0:
        return training, heads
    if only := _unread(module, evaluating) - _unread(module, training):
        raise UnsupportedModuleError(
            f"`{min(only)}` is used only in training mode, and is not a head: a spec "
            "computes the same in both modes"
        )
    return evaluating, 0


def _take_dropout(evaluating: Trace, training: Trace) -> None:
    """Give attention by a function the dropout that it has in training only."""
    evaluated, trained = (
        [each for each in traced.operations if each.function == ATTENTION]
        for traced in (evaluating, training)
    )
    if len(evaluated) == len(trained):
        for operation, other in zip(evaluated, trained, strict=True):
            dropout = other.kwargs.get("dropout_p", 0.0)
            operation.kwargs = {**operation.kwargs, "dropout_p": dropout}


def _is_layer(layer: nn.Module) -> bool:
    return find_op(layer) is not None


def _unread(module: nn.Module, traced: Trace) -> set[str]:
    """The weights that a run does not read: those of heads."""
    layers = {each.path for each in traced.operations if each.layer is not None}
    read = {value.weight for each in traced.operations for value in each.values}
    return {
        path
        for path, _ in module.named_parameters()
        if path not in read and path.rpartition(".")[0] not in layers
    }
