"""The same step twice in a row, of which the second changes nothing or little."""

from __future__ import annotations

from collections.abc import Iterator

from archspec.ir.graph import producing_node
from archspec.lints.lint import LintedSpec, LintFinding
from archspec.ops.op import Family
from archspec.ops.registry import OPS


def repeated_steps(spec: LintedSpec) -> Iterator[LintFinding]:
    """Find an activation or `flatten` that follows itself."""
    for node in spec.nodes:
        before = producing_node(node.inputs[0])
        if before is None or before.op != node.op or node.op not in OPS:
            continue
        if OPS[node.op].family is Family.ACTIVATION or node.op == "flatten":
            message = f"`{node.op}` follows `{node.op}`"
            yield LintFinding("repeated-step", message, node.span)
