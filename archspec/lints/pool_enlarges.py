"""Adaptive pooling to a larger size than its input has."""

from __future__ import annotations

from collections.abc import Iterator

from archspec.ir.graph import plain
from archspec.lints.lint import LintedSpec, LintFinding


def pool_enlarges(spec: LintedSpec) -> Iterator[LintFinding]:
    """Find adaptive pools that repeat values, as they have fewer than they make."""
    for node in spec.nodes:
        before, after = node.inputs[0].shape, node.output.shape
        if "output_size" not in node.values or before is None or after is None:
            continue
        if any(a > b for b, a in zip(before, after, strict=True)):
            message = (
                f"`{node.op}` enlarges {[*plain(before)]} to {[*plain(after)]} "
                "by repeating values"
            )
            yield LintFinding("pool-enlarges", message, node.span)
