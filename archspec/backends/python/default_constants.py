"""Constants of a module for the defaults that are calls.

def __init__(self, *, cba=partial(ConvBnAct, act=nn.ReLU6))

->  CBA = partial(ConvBnAct, act=nn.ReLU6)
def __init__(self, *, cba=CBA)
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from archspec.backends.python.identifiers import NameAllocator
from archspec.backends.python.syntax import AssignStmt, CallExpr, ClassDef, NameExpr


def with_constants(
    definition: ClassDef, taken: Iterable[str]
) -> tuple[ClassDef, list[AssignStmt]]:
    """The class with a constant in place of each default that is a call, and the constants."""
    init, *others = definition.methods
    names = NameAllocator(taken)
    constants: list[AssignStmt] = []
    parameters = [*init.parameters]
    for number, parameter in enumerate(parameters):
        if isinstance(parameter.default, CallExpr):
            constant = NameExpr(names.unique(parameter.name.upper()))
            constants.append(AssignStmt(constant, parameter.default))
            parameters[number] = replace(parameter, default=constant)
    init = replace(init, parameters=(*parameters,))
    return replace(definition, methods=(init, *others)), constants
