"""The heads of `aux`: each makes what the network makes."""

from __future__ import annotations

from itertools import islice

from archspec.diagnostics.diagnostic import Label
from archspec.frontend.ast import Chain
from archspec.ir import graph as ir
from archspec.lowering.context import Context, Head
from archspec.lowering.mend_branches import MAX_CALLS, lowered
from archspec.lowering.places import producer, show_shape
from archspec.lowering.steps import calls, with_call
from archspec.lowering.tries import tries
from archspec.ops.op import channels


def check_heads(output: ir.Value, context: Context) -> None:
    """Find heads that cannot be trained against the network's labels."""
    wanted = output.shape
    if wanted is None:
        return
    for head in context.run.heads:
        found = head.output.shape
        if found is None or ir.plain(found) == ir.plain(wanted):
            continue
        context.findings.error(
            "output-mismatch",
            f"expected the head `{head.name}` to make {show_shape(wanted)}, as the "
            f"network does, found {show_shape(found)}",
            head.step.label.span,
            related=_makers(head, output),
            help=_mend(head, ir.plain(wanted)),
        )


def _makers(head: Head, output: ir.Value) -> list[Label]:
    """Where the two shapes come from, unless one step makes both."""
    own, other = producer(head.output), producer(output)
    return own + [label for label in other if label not in own]


def _mend(head: Head, wanted: ir.Shape) -> str:
    """What to write so that the head makes the network's shape."""
    if ir.plain(head.output.shape) == (*wanted, 1, 1):
        text = " ".join(head.step.step.span.text.split())
        is_chain = isinstance(head.step.step, Chain)
        return f"write `{text} | flatten`" if is_chain else "end it with `| flatten`"
    within = [*islice(calls(head.step), MAX_CALLS)]
    found = [
        (cost, -place, change)
        for place, call in enumerate(within)
        for cost, change in tries(call, int(channels(wanted)), head.context)
    ]
    for _, _, change in sorted(found, key=lambda each: each[:2]):
        step = with_call(head.step, change.call, change.applied())
        if lowered(step, head.input, head.context) == wanted:
            return f"write `{change.text}`, which makes {show_shape(wanted)} here"
    return "a head is trained on the network's own labels, and has its shape"
