"""A softmax as the last layer of a network that is trained here."""

from __future__ import annotations

from collections.abc import Iterator

from archspec.ir.graph import producing_node
from archspec.lints.lint import LintedSpec, LintFinding


def softmax_output(spec: LintedSpec) -> Iterator[LintFinding]:
    """Find a last softmax: the loss would take the softmax of its output once more."""
    if spec.graph is None or not spec.document.train or spec.graph.returns_tuple:
        return
    last = producing_node(spec.graph.outputs[0].value)
    if last and last.op in ("softmax", "log_softmax"):
        message = f"`cross_entropy` includes the softmax: omit `{last.op}`"
        yield LintFinding("softmax-output", message, last.span)
