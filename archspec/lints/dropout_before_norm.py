"""Dropout directly before a batch norm."""

from __future__ import annotations

from collections.abc import Iterator

from archspec.ir.graph import producing_node
from archspec.lints.lint import LintedSpec, LintFinding

DROPOUTS = ("dropout", "dropout2d")


def dropout_before_norm(spec: LintedSpec) -> Iterator[LintFinding]:
    """Find dropouts that feed a batch norm.

    Dropout raises the variance in training alone, so that the running variance is not
    that of evaluation (Li et al., 2018).
    """
    for node in spec.nodes:
        before = producing_node(node.inputs[0])
        if node.op == "bn" and before and before.op in DROPOUTS:
            message = "`bn` follows dropout, whose variance it sees in training only"
            yield LintFinding("dropout-before-norm", message, node.span)
