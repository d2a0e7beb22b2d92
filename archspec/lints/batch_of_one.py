"""Batch norm that would see a single value of each channel in training."""

from __future__ import annotations

from collections.abc import Iterator
from math import prod

from archspec.ir.graph import Node, plain
from archspec.lints.lint import Fault, LintedSpec, LintFinding


def batch_of_one(spec: LintedSpec) -> Iterator[LintFinding]:
    """Find batch norms over 1x1 in a network that is trained with a batch size of one."""
    if spec.graph is None or spec.train.get("batch_size") != 1:
        return
    for node in spec.nodes:
        if fault := norm_fault(node):
            yield LintFinding(
                "batch-of-one", fault.message, node.span, fault.help, (1,)
            )


def norm_fault(node: Node) -> Fault | None:
    """A batch norm that sees one value of each channel of an image."""
    if node.op != "bn" or prod(plain(node.inputs[0].shape)[1:]) != 1:
        return None
    return Fault(
        "batch norm needs more than one image at once, where each has one value of a channel",
        "use a larger `batch_size`",
    )
