"""Blocks that are params of a spec: what a class takes, and how it calls them.

    params: {unit: bottleneck}          unit: type[BasicBlock | Bottleneck] = Bottleneck

Where one of the blocks reads a param of the spec that another does not, it is bound
before the calls. Where the channels that leave depend on the block, it tells them:

    block: Callable[..., BasicBlock | Bottleneck] = unit
    if issubclass(unit, Bottleneck):
        block = partial(unit, groups=groups)
    ...
    layer = block(channels, 64)
    channels = layer.out_channels
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from archspec.backends.python.aligned_bodies import InstancesDifferError, level
from archspec.backends.python.class_parameters import BlockClass
from archspec.backends.python.syntax import (
    AssignStmt,
    AtomExpr,
    CallExpr,
    ClassName,
    Element,
    Expr,
    GenericExpr,
    IfStmt,
    NameExpr,
    OpExpr,
    Stmt,
)
from archspec.ir.graph import Graph, Module, Repeat, is_param, walk
from archspec.ir.symbolic import code_of, same

WIDTH = "out_channels"  # the attribute of a block that tells it
BOUND = "block"  # the variable of a block with some arguments


class Binding(NamedTuple):
    """The arguments of the classes that a parameter may be, before its calls."""

    parameter: Expr
    arguments: Mapping[ClassName, tuple[Element, ...]]

    def statements(self, name: str) -> list[Stmt]:
        """What binds them to a variable."""
        whole, unit = NameExpr(name), self.parameter
        declared = GenericExpr("Callable", (AtomExpr("..."), _union(self.arguments)))
        found: list[Stmt] = [AssignStmt(whole, unit, declared=declared)]
        for each, elements in self.arguments.items():
            if elements:
                bound = CallExpr(NameExpr("partial"), (Element(unit), *elements))
                asked = (Element(unit), Element(each))
                test = CallExpr(NameExpr("issubclass"), asked)
                found.append(IfStmt(test, (AssignStmt(whole, bound),)))
        return found


def blocks_of_params(graphs: Iterable[Graph]) -> dict[str, list[Module]]:
    """The calls of each param of the spec that is one block here and another there."""
    found: dict[str, list[Module]] = {}
    for item in (item for graph in graphs for item in walk(graph.body)):
        if (
            isinstance(item, Module)
            and item.block
            and isinstance(item.called, ast.Name)
        ):
            found.setdefault(item.called.id, []).append(item)
    return {
        name: modules
        for name, modules in found.items()
        if is_param(name) and len({id(module.definition) for module in modules}) > 1
    }


def told_by(groups: Sequence[Module]) -> str:
    """The channels in a loop, left by groups, that no expression outside gives."""
    outputs = [group.output.shape for group in groups if not group.block]
    codes = [code_of(shape.channels) for shape in outputs if shape is not None]
    if len({int(shape.channels) for shape in outputs if shape is not None}) < 2:
        return ""
    loops = {
        item.channels for item in level(groups[0].body) if isinstance(item, Repeat)
    }
    first = codes[0]
    if not isinstance(first, ast.Name) or not all(same(code, first) for code in codes):
        return ""
    return first.id if first.id in loops else ""


def class_annotation(classes: Iterable[ClassName]) -> Expr:
    """`type[BasicBlock | Bottleneck]`."""
    return GenericExpr("type", (_union(classes),))


def _union(classes: Iterable[ClassName]) -> Expr:
    ordered = sorted(classes, key=lambda name: name.stem)
    return OpExpr("|", (*ordered,))


def split_arguments(
    calls: Mapping[ClassName, CallExpr], classes: Iterable[BlockClass]
) -> tuple[tuple[Element, ...], dict[ClassName, tuple[Element, ...]]]:
    """The arguments that the calls share, and the params that only some classes read.

    Raises:
        InstancesDifferError: if the calls differ in more.
    """
    labels = {f"{p.name}=" for c in classes for p in c.parameters if is_param(p.key)}
    shared = [
        element
        for element in next(iter(calls.values())).elements
        if all(element in call.elements for call in calls.values())
    ]
    own = {
        name: tuple(element for element in call.elements if element not in shared)
        for name, call in calls.items()
    }
    if any(e.label not in labels for elements in own.values() for e in elements):
        raise InstancesDifferError
    return tuple(shared), own
