"""Which names in the bodies of blocks have values that depend on params of the spec.

An `if` of which all networks of a family take one arm may take the other for values of
the params that none of them has. So its condition must depend on no param.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from archspec.backends.python.aligned_bodies import Body
from archspec.ir.graph import (
    Choice,
    Graph,
    Head,
    Let,
    Merge,
    Module,
    Repeat,
    param_name,
)
from archspec.ir.symbolic import code_of, dependencies


@dataclass
class ParamDependence:
    """The dependent names of each block, by the `id` of its definition; 0 is the network.

    The params themselves are dependent in all of them.
    """

    params: frozenset[str]
    found: dict[int, set[str]] = field(default_factory=dict)

    @classmethod
    def of(cls, graphs: Sequence[Graph], names: Iterable[str]) -> ParamDependence:
        """That of some networks of one spec on these params."""
        dependence = cls(frozenset(map(param_name, names)))
        if dependence.params:
            for graph in graphs:
                dependence._visit(graph.body, 0)
        return dependence

    def names(self, definition: object) -> frozenset[str]:
        """The dependent names in a block; of the network if it is None."""
        return self._known(id(definition) if definition else 0)

    def _known(self, key: int) -> frozenset[str]:
        return self.params.union(self.found.get(key, ()))

    def _visit(self, body: Body, key: int) -> None:
        """Note the names that a body binds and passes on."""
        for item in body:
            match item:
                case Let():
                    for name, value in item.values.items():
                        self._note(key, [name], key, value.code)
                case Repeat():
                    for name, column in columns_of(item):
                        self._note(key, [name], key, column)
                    for code in (item.entry, item.update):
                        self._note(key, [item.channels], key, code)
                    for iteration in item.iterations:
                        self._visit(iteration, key)
                case Merge():
                    for branch in item.branches:
                        self._visit(branch, key)
                case Choice():
                    self._visit(item.body, key)
                case Head():
                    self._visit((item.item,), key)
                case Module() if item.block:
                    self._visit_block(item, key)
                case Module():
                    self._visit(item.body, key)

    def _visit_block(self, module: Module, caller: int) -> None:
        key = id(module.definition)
        for name, argument in module.arguments.items():
            self._note(key, [name], caller, argument.code)
        if module.input.shape is not None:
            self._note(key, ["cin"], caller, code_of(module.input.shape.channels))
        self._visit(module.body, key)

    def _note(
        self, key: int, names: Iterable[str], reader: int, code: ast.expr | None
    ) -> None:
        """Note names of one body whose value an expression of another gives."""
        if code is not None and dependencies(code) & self._known(reader):
            self.found.setdefault(key, set()).update(names)


def columns_of(repeat: Repeat) -> Iterator[tuple[str, ast.expr]]:
    """The variables of a loop, each with the expression of its column; `i` with all."""
    names = [name for name in repeat.variables[0] if name != repeat.index]
    rows = repeat.rows.code
    yield repeat.index, rows
    columns = rows.elts if isinstance(rows, ast.Tuple) else [rows] * len(names)
    yield from zip(names, columns, strict=True)
