"""Check a network against limits on its parameters and multiply-accumulates."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from archspec.diagnostics.diagnostic import Diagnostic, Label
from archspec.diagnostics.source import Source, Span
from archspec.ir.graph import Graph, Node

SHOWN = 3  # of the costliest places


def over_budget(
    graph: Graph, source: Source, limits: Mapping[str, int]
) -> Iterator[Diagnostic]:
    """Yield an error for each limit, of `parameters` or `MACs`, that is exceeded.

    It names the steps of the spec with the largest costs.
    """
    for what, limit in limits.items():
        total = graph.parameters if what == "parameters" else graph.macs
        if total <= limit:
            continue
        costs: dict[Span, int] = {}
        for node in graph.nodes:
            span = _span_in(source, node)
            cost = node.parameters if what == "parameters" else node.macs
            costs[span] = costs.get(span, 0) + cost
        largest = sorted(costs, key=lambda span: -costs[span])[:SHOWN]
        first, *others = (
            Label(span, f"{costs[span]:,} {what}, {costs[span] / total:.0%}")
            for span in largest
            if costs[span]
        )
        yield Diagnostic(
            "over-budget",
            f"`{graph.name}` has {total:,} {what}, more than the limit of {limit:,}",
            first,
            tuple(others),
        )


def _span_in(source: Source, node: Node) -> Span:
    """The innermost place in the spec; a step of a library block has that of its call."""
    spans = (*node.calls, node.span)
    own = [span for span in spans if span.source is source]
    return own[-1] if own else spans[0]
