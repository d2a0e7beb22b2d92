"""Findings with what to write instead, where that can be found."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from archspec.diagnostics.diagnostic import Diagnostic
from archspec.lowering.faults import AuxFault, MergeFault, OpCallFault
from archspec.repair.fix_aux_head import fix_aux_head
from archspec.repair.fix_branches import fix_branches
from archspec.repair.fix_op_call import fix_op_call
from archspec.repair.search import Search


def with_fixes(
    diagnostics: Iterable[Diagnostic], search: Search
) -> tuple[Diagnostic, ...]:
    """The findings; a fix that was found takes the place of general help.

    The faults are left out: they would keep the whole lowering alive.
    """
    return tuple(
        replace(diagnostic.with_help(_help(diagnostic, search)), fault=None)
        if diagnostic.fault
        else diagnostic
        for diagnostic in diagnostics
    )


def _help(diagnostic: Diagnostic, search: Search) -> Sequence[str]:
    match diagnostic.fault:
        case OpCallFault(parameter="groups") as fault:
            return (fix_op_call(fault), *diagnostic.help)
        case OpCallFault() as fault:
            fix = fix_op_call(fault)
            return (fix,) if fix else diagnostic.help
        case MergeFault() as fault:
            return fix_branches(fault, search) or diagnostic.help
        case AuxFault() as fault:
            fix = fix_aux_head(fault, search)
            return (fix,) if fix else diagnostic.help
    return diagnostic.help
