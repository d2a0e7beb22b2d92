"""Which edit gives a head of `aux` the output shape of the network.

aux1: flatten | linear(5)   of a network with 10 outputs   ->  write `linear(10)`
"""

from __future__ import annotations

from itertools import islice

from archspec.frontend.ast import Chain
from archspec.frontend.step_traversal import calls_in, replace_call
from archspec.ir import graph as ir
from archspec.lowering.faults import AuxFault
from archspec.lowering.provenance import format_shape
from archspec.repair.candidates import candidates
from archspec.repair.search import Search

MAX_CALLS = 12  # of a head, in which edits are tried


def fix_aux_head(fault: AuxFault, search: Search) -> str:
    """What to write; "" where no edit of one call helps."""
    head, wanted = fault.head, fault.wanted
    if ir.plain(head.output.shape) == (*wanted, 1, 1):
        text = " ".join(head.step.step.span.text.split())
        is_chain = isinstance(head.step.step, Chain)
        return f"write `{text} | flatten`" if is_chain else "end it with `| flatten`"
    within = [*islice(calls_in(head.step), MAX_CALLS)]
    found = [
        (cost, -place, edit)
        for place, call in enumerate(within)
        for cost, edit in candidates(call, int(wanted.channels), head.context)
    ]
    for _, _, edit in sorted(found, key=lambda each: each[:2]):
        step = replace_call(head.step, edit.call, edit.applied())
        if search.try_step(step, head.input, head.context) == wanted:
            return f"write `{edit.text}`, which makes {format_shape(wanted)} here"
    return ""
