"""Inputs and outputs with which a network cannot be trained here."""

from __future__ import annotations

from collections.abc import Iterator

from archspec.ir.graph import Graph
from archspec.lints.lint import Fault, LintedSpec, LintFinding


def untrainable(spec: LintedSpec) -> Iterator[LintFinding]:
    """Find what training refuses: it feeds one image, and reads one vector of classes."""
    if spec.graph is None or not spec.train:
        return
    document = spec.document
    last = spec.graph.outputs[0]
    if fault := port_fault(spec.graph):
        ports = [*document.outputs, *(each.name for each in document.inputs)]
        yield LintFinding("untrainable-shape", fault.message, ports[0].span, fault.help)
    elif (fault := output_fault(spec.graph)) and last.value.span:
        span, numbers = last.value.span, last.shape
        yield LintFinding("untrainable-shape", fault.message, span, fault.help, numbers)


def port_fault(graph: Graph) -> Fault | None:
    """Several inputs, several outputs, or an input that is no image."""
    inputs, outputs = graph.inputs, graph.outputs
    if len(inputs) > 1 or graph.returns_tuple:
        taken = f"{len(inputs)} input{'s' * (len(inputs) > 1)}"
        made = f" and {len(outputs)} named output{'s' * (len(outputs) > 1)}"
        return Fault(
            f"`{graph.name}` has {taken}{made * graph.returns_tuple}, and training "
            "requires one image as input and one vector of classes as output",
            "train the module of `archspec.compile` with a loop of your own",
        )
    if len(inputs[0].shape) != 3:
        shape = "x".join(map(str, inputs[0].shape))
        return Fault(
            f"`{graph.name}` takes an input of {shape}, and training requires an image",
            "give it the channels, height and width of an image",
        )
    return None


def output_fault(graph: Graph) -> Fault | None:
    """An output that is no vector."""
    shape = graph.outputs[0].shape
    if len(shape) == 1:
        return None
    return Fault(
        f"`{graph.name}` makes {' x '.join(map(str, shape))} numbers for an image, and "
        "training requires one for each class",
        "end the network with `flatten` and a `linear` layer",
    )
