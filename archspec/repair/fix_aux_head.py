"""Which edit gives a head of `aux` the output shape of the network.

aux1: flatten | linear(5)   of a network with 10 outputs   ->  write `linear(10)`
"""

from __future__ import annotations

from itertools import islice

from archspec.diagnostics.diagnostic import Edit, Fix
from archspec.frontend.ast import Chain
from archspec.frontend.step_traversal import calls_in, replace_call
from archspec.ir import graph as ir
from archspec.lowering.faults import AuxFault
from archspec.lowering.provenance import format_shape
from archspec.repair.candidates import candidates
from archspec.repair.proposal import Proposal
from archspec.repair.search import Search

MAX_CALLS = 12  # of a head, in which edits are tried


def fix_aux_head(fault: AuxFault, search: Search) -> Proposal:
    """What to write; nothing where no edit of one call helps."""
    head, wanted = fault.head, fault.wanted
    if ir.plain(head.output.shape) == (*wanted, 1, 1):
        text = " ".join(head.step.step.span.text.split())
        is_chain = isinstance(head.step.step, Chain)
        if not is_chain:
            return Proposal(("end it with `| flatten`",))
        words = f"write `{text} | flatten`"
        longer = Edit(head.step.step.span, f"{head.step.step.span.text} | flatten")
        return Proposal((words,), (Fix(words, (longer,)),))
    within = [*islice(calls_in(head.step), MAX_CALLS)]
    found = [
        (cost, -place, edit)
        for place, call in enumerate(within)
        for cost, edit in candidates(call, int(wanted.channels), head.context)
    ]
    for _, _, edit in sorted(found, key=lambda each: each[:2]):
        step = replace_call(head.step, edit.call, edit.applied())
        if search.try_step(step, head.input, head.context) == wanted:
            words = f"write `{edit.text}`, which makes {format_shape(wanted)} here"
            return Proposal((words,), (Fix(words, (edit.edit,)),))
    return Proposal()
