"""A data set of other classes than the network has outputs."""

from __future__ import annotations

from collections.abc import Iterator

from archspec.ir.graph import Graph
from archspec.lints.lint import LintedSpec, LintFinding
from archspec.signatures.recipes import NUM_CLASSES, Recipe


def class_count(spec: LintedSpec) -> Iterator[LintFinding]:
    """Find outputs that are not as many as the classes of the data set in `train:`."""
    data = spec.train.get("data")
    if spec.graph is None or not isinstance(data, Recipe):
        return
    count = NUM_CLASSES.get(data.name)
    message = count and class_fault(spec.graph, data.name, count)
    span = spec.graph.outputs[0].value.span
    if count and message and span:
        (outputs,) = spec.graph.outputs[0].shape
        help = f"give the last layer {count} outputs"
        yield LintFinding("class-count", message, span, help, (count, outputs))


def class_fault(graph: Graph, data: str, count: int) -> str:
    """What is wrong with the number of outputs; "" if it is that of the classes."""
    shapes = [port.shape for port in graph.outputs]
    if len(shapes[0]) != 1 or graph.returns_tuple or shapes[0] == (count,):
        return ""
    return (
        f"`{data}` has {count} classes, and `{graph.name}` has {shapes[0][0]} outputs"
    )
