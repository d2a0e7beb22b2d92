"""A function for each variant of a family: `def vgg16(**params: Any) -> VGG:`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from archspec.backends.python.aligned_bodies import InstancesDifferError
from archspec.backends.python.block_classes import BlockClasses
from archspec.backends.python.callable_arguments import param_uses
from archspec.backends.python.expressions import value_expr
from archspec.backends.python.family_members import FamilyMembers
from archspec.backends.python.identifiers import python_name
from archspec.backends.python.syntax import (
    CallExpr,
    ClassDef,
    Element,
    Expr,
    FunctionDef,
)
from archspec.ir.graph import Graph, param_name
from archspec.resolve.partial_call import has_callee


def variant_functions(members: FamilyMembers, built: BlockClasses) -> list[FunctionDef]:
    """The functions of those variants whose params the class has."""
    network = [*built.known][-1]
    if not network.methods[0].parameters:
        return []
    found: list[FunctionDef] = []
    for name, graph in members.variants.items():
        function = name.replace("-", "_")
        try:
            elements = [*_arguments(graph, members, built, network)]
        except InstancesDifferError:
            continue
        if function.isidentifier():
            result = CallExpr(network.name, tuple(elements))
            count = f"{graph.parameters:,} parameters by default."
            found.append(FunctionDef(python_name(function), f"{name}: {count}", result))
    return found


def _arguments(
    graph: Graph, members: FamilyMembers, built: BlockClasses, network: ClassDef
) -> Iterator[Element]:
    """The params that a variant changes."""
    own = members.graph.family.params
    known = {parameter.name for parameter in network.methods[0].parameters}
    for name in members.params:
        key, value = python_name(param_name(name)), graph.family.params[name]
        if key in known and value != own[name]:
            yield Element(_written(name, value, graph, built), f"{key}=")


def _written(name: str, value: Any, graph: Graph, built: BlockClasses) -> Expr:
    if not has_callee(value):
        return value_expr(value)
    calls = [*param_uses(graph.body, param_name(name), value)]
    return built.callables.value(value, calls)
