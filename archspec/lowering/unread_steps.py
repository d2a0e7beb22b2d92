"""Steps whose output nothing reads: they would cost, and have no gradient.

- stem: conv(8, k=3)
- conv(16, k=3)         <- unread, as the next step reads `stem`
- ref(stem) | relu
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from archspec.diagnostics.diagnostic import Findings
from archspec.diagnostics.source import Span
from archspec.ir import graph as ir


def report_unread_steps(
    body: tuple[ir.Item, ...], outputs: Iterable[ir.Value], findings: Findings
) -> None:
    """Report the last step of each chain that leads to none of the network's outputs."""
    items = [*ir.walk(body)]
    nodes = [*ir.nodes_among(items)]
    read = {id(value.producer) for node in nodes for value in node.inputs}
    wanted = [*outputs, *(item.output for item in items if isinstance(item, ir.Head))]
    read |= {id(value.producer) for value in wanted}
    unread = [node for node in nodes if id(node) not in read]
    if not unread:
        return
    places: dict[int, Span] = {}  # the outermost step that makes the output of a node
    for item in items:
        if isinstance(item, ir.Module | ir.Tied):
            places.setdefault(id(item.output.producer), item.span)
    found: dict[Span, list[ir.Node]] = {}
    for node in unread:
        found.setdefault(places.get(id(node), node.span), []).append(node)
    for span, nodes_there in found.items():
        findings.error(
            "unread-step",
            "the output of this step is unused",
            span,
            notes=_repetitions(nodes_there, items),
            help="omit it, or label it and read it with `ref`",
        )


def _repetitions(nodes: Sequence[ir.Node], items: Sequence[ir.Item]) -> list[str]:
    """A note with the repetitions in which nodes are, if others are read."""
    wanted = {id(node) for node in nodes}
    for item in items:
        if isinstance(item, ir.Repeat):
            parts = [{*map(id, ir.nodes_in(part))} for part in item.iterations]
            inside = [number for number, part in enumerate(parts, 1) if part & wanted]
            if 0 < len(inside) < len(parts):
                listed = ", ".join(map(str, inside))
                noun = "repetitions" if len(inside) > 1 else "repetition"
                return [f"in {noun} {listed} of {len(parts)}"]
    return []
