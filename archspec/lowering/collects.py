"""`collect`: a repeat that makes the concat of what came in and of each output.

    - collect: maxpool(5, s=1, p=2)    ->   concat: [identity, maxpool | concat: ...]
      times: 3

Each iteration reads what the one before made, so that the joins lie in each other.
"""

from __future__ import annotations

from archspec.frontend.ast import RepeatFor, RepeatTimes
from archspec.ir import graph as ir
from archspec.lowering.context import Context, Items
from archspec.lowering.merges import join
from archspec.lowering.repeats import unrolled


def lower_collect(
    step: RepeatTimes | RepeatFor, x: ir.Value, context: Context, items: Items
) -> ir.Value:
    """Lower the iterations, and join what came in with their outputs."""
    contexts = unrolled(step, x, context)
    if contexts is None:
        return ir.Value(None)
    entries = [x]
    bodies: list[Items] = []
    for inside in contexts:
        body: Items = []
        entries.append(context.run.step(step.body, entries[-1], inside, body))
        bodies.append(body)
    value = entries.pop()
    for body, entry in zip(reversed(bodies), reversed(entries), strict=True):
        branches: list[Items] = [[], body]
        joined: Items = []
        value = join("concat", branches, [entry, value], step.span, context, joined)
        body_of_outer = (
            bodies[bodies.index(body) - 1] if body is not bodies[0] else items
        )
        body_of_outer += joined
    return value
