"""The long names of parameters that a spec writes short.

A parameter that a block passes on as such has torch's name for it in the class:

    unit(cout, *, s=1): conv(cout, k=3, s=s)   ->   (in_channels, out_channels, *, stride)

Every other name is the spec's.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Mapping

from archspec.backends.python.aligned_bodies import own_items
from archspec.ir.graph import Graph, Item, Layer, Let, Module, Repeat, walk
from archspec.ir.symbolic import Symbolic, variables

LONG = {
    "cout": "out_channels",
    "d": "dilation",
    "g": "groups",
    "k": "kernel_size",
    "p": "padding",
    "s": "stride",
}


class ParameterNames:
    """The long names of the parameters of all blocks, each block looked at once."""

    def __init__(self, graphs: Iterable[Graph]) -> None:
        self.calls: dict[int, list[Module]] = {}  # by the `id` of a definition
        self.found: dict[int, dict[str, str]] = {}
        for item in (item for graph in graphs for item in walk(graph.body)):
            if isinstance(item, Module) and item.block:
                self.calls.setdefault(id(item.definition), []).append(item)

    def of(self, module: Module) -> dict[str, str]:
        """The long names of some parameters of a block, by all of its calls."""
        key = id(module.definition)
        if key not in self.found:
            self.found[key] = {}  # of a block that calls itself
            items = [i for each in self.calls[key] for i in own_items(each.body)]
            passed = {name for item in items for name in self._passed_on(item)}
            bound = {*_bound_names(items)}
            taken = bound | {*module.arguments}
            self.found[key] = {
                name: LONG[name]
                for name in module.arguments
                if name in passed - bound and LONG[name] not in taken
            }
        return self.found[key]

    def _passed_on(self, item: Item) -> Iterator[str]:
        """The short names that an item takes for what their long names say."""
        arguments: Iterable[tuple[str, Symbolic]] = ()
        if isinstance(item, Layer):
            arguments = item.node.attributes.items()
        elif isinstance(item, Module) and item.block:
            names = self.of(item)
            arguments = ((names.get(k, k), v) for k, v in item.arguments.items())
        for key, value in arguments:
            yield from (v for v in variables(value.code) if LONG.get(v) == key)


def _bound_names(items: Iterable[Item]) -> Iterator[str]:
    """The names that a body binds itself."""
    for item in items:
        match item:
            case Let():
                yield from item.values
            case Repeat():
                yield from item.variables[0]


def renamed(names: Mapping[str, str]) -> dict[str, ast.expr]:
    """The long names as values of the short ones."""
    return {short: ast.Name(long, ast.Load()) for short, long in names.items()}
