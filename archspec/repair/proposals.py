"""Findings with what to write instead, where that can be found."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from archspec.diagnostics.diagnostic import Diagnostic
from archspec.lowering.faults import AuxFault, MergeFault, OpCallFault
from archspec.repair.fix_aux_head import fix_aux_head
from archspec.repair.fix_branches import fix_branches
from archspec.repair.fix_op_call import fix_op_call
from archspec.repair.proposal import Proposal
from archspec.repair.search import Search


def with_proposals(
    diagnostics: Iterable[Diagnostic], search: Search
) -> tuple[Diagnostic, ...]:
    """The findings; what was found takes the place of general help.

    The faults are left out: they would keep the whole lowering alive.
    """
    return tuple(_with_proposal(each, search) for each in diagnostics)


def _with_proposal(diagnostic: Diagnostic, search: Search) -> Diagnostic:
    if diagnostic.fault is None:
        return diagnostic
    found = _proposal(diagnostic.fault, search)
    keeps_help = getattr(diagnostic.fault, "parameter", "") == "groups"
    helps = found.help + diagnostic.help * (keeps_help or not found.help)
    fixes = found.fixes + diagnostic.proposals
    return replace(diagnostic.with_help(helps), fault=None, proposals=fixes)


def _proposal(fault: object, search: Search) -> Proposal:
    match fault:
        case OpCallFault():
            return fix_op_call(fault)
        case MergeFault():
            return fix_branches(fault, search)
        case AuxFault():
            return fix_aux_head(fault, search)
    return Proposal()
