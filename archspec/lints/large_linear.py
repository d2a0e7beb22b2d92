"""Linear layers with more weights than fit their purpose."""

from __future__ import annotations

from collections.abc import Iterator

from archspec.lints.lint import LintedSpec, LintFinding

LARGEST = 200_000_000  # weights; VGG's largest layer has 102,760,448


def large_linear(spec: LintedSpec) -> Iterator[LintFinding]:
    """Find linear layers with more than 200 million weights."""
    for node in spec.nodes:
        if node.op == "linear" and node.parameters > LARGEST:
            message = (
                f"this layer has {node.parameters:,} weights: "
                "reduce the size before `flatten`"
            )
            yield LintFinding("large-linear", message, node.span)
