"""Which params of a spec its class can have, and the networks that show it.

A network is lowered again with each param changed, and with those of each variant. A
class that represents all of these networks depends on the params as the spec does; a
param that no class can follow, as where it changes what `flatten` leaves, is fixed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import Any, TypeVar

from archspec.ir.graph import Graph
from archspec.ir.symbolic import Symbolic
from archspec.ops.op import Family, Op
from archspec.ops.registry import OPS
from archspec.resolve.partial_call import PartialCall, has_callee
from archspec.resolve.value_code import constant_or_name

Built = TypeVar("Built")
Build = Callable[[Sequence[Graph], Sequence[str]], Built | None]


@dataclass
class FamilyMembers:
    """The params that a class has, and the networks that it represents, its own first."""

    graph: Graph
    params: list[str] = field(default_factory=list)
    variants: dict[str, Graph] = field(default_factory=dict)
    others: list[Graph] = field(default_factory=list)

    @property
    def graphs(self) -> list[Graph]:
        """All networks, each once."""
        found = [self.graph, *self.others, *self.variants.values()]
        return [*{id(graph): graph for graph in found}.values()]


def family_of_one(graph: Graph, build: Build[Built]) -> tuple[FamilyMembers, Built]:
    """The network by itself, whose class has no params."""
    built = build([graph], [])
    assert built is not None
    return FamilyMembers(graph), built


def family_members(graph: Graph, build: Build[Built]) -> tuple[FamilyMembers, Built]:
    """The largest family for which `build`, given networks and params, is not None."""
    alone = family_of_one(graph, build)
    if sum(1 for _ in graph.layers) > MOST_LAYERS:
        return alone
    params, variants = graph.family.params, _variants(graph)
    shown = {n for each in variants.values() for n in _differences(graph, each)}
    changed = {n: [] if n in shown else [*_changed(graph, n)] for n in params}
    names = [n for n in params if n in shown or changed[n]]
    members = FamilyMembers(graph, names, variants, [*chain(*changed.values())])
    built = build(members.graphs, names)
    if built is not None:
        return members, built
    changed = {n: changed[n] or [*_changed(graph, n)] for n in names}
    return _part(graph, changed, variants, build) or alone


def _part(
    graph: Graph,
    changed: Mapping[str, Sequence[Graph]],
    variants: Mapping[str, Graph],
    build: Build[Built],
) -> tuple[FamilyMembers, Built] | None:
    """The family of the params that a class can have by themselves, if not of all."""
    names = [n for n in changed if build([graph, *changed[n]], [n]) is not None]
    others = [*chain(*(changed[n] for n in names))]
    wanted = {
        name: each
        for name, each in variants.items()
        if _differences(graph, each) <= {*names}
    }
    members = FamilyMembers(graph, names, wanted, others)
    if (built := build(members.graphs, names)) is not None:
        return members, built
    members = FamilyMembers(graph, names, {}, others)
    if (built := build(members.graphs, names)) is None:
        return None
    for name, each in wanted.items():
        found = build([*members.graphs, each], names)
        if found is not None:
            members.variants[name], built = each, found
    return members, built


def _variants(graph: Graph) -> dict[str, Graph]:
    """The networks of the variants that change params; of one of them, its own."""
    family = graph.family
    if graph.name in family.variants:
        return {graph.name: graph}
    found: dict[str, Graph] = {}
    for name, values in family.variants.items():
        changed = {n for n in values if values[n] != family.values.get(n)}
        if changed <= family.params.keys():
            lowered = (
                family.again({n: values[n] for n in changed}) if changed else graph
            )
            if lowered is not None:
                found[name] = lowered
    return found


def _differences(graph: Graph, other: Graph) -> set[str]:
    """The params that two networks of a family have with other values."""
    own, changed = graph.family.params, other.family.params
    return {name for name in changed if changed[name] != own.get(name)}


def _changed(graph: Graph, name: str) -> Iterator[Graph]:
    """The network with other values of one param."""
    family = graph.family
    values = [v[name] for v in family.variants.values() if name in v]
    own = family.params[name]
    seen = [own]
    most = MOST_CALLABLES if has_callee(own) else 1
    for value in (*values, *_near(own)):
        if value in seen or len(seen) > most:
            continue
        lowered = family.again({name: value})
        if lowered is not None:
            seen.append(value)
            yield lowered


MOST_CALLABLES = 2  # of a param, whose calls differ; one more number shows all
MOST_LAYERS = 2000  # of a network that is lowered again: a larger one takes seconds


def _near(value: Any) -> Iterable[Any]:
    """Values that are like one, for which a network may well be valid."""
    if isinstance(value, bool):
        return [not value]
    if isinstance(value, int):
        return [value + 1, 2 * value, value + 8]
    if isinstance(value, float):
        return [value * 1.5, value * 0.5]
    if isinstance(value, tuple) and value and not has_callee(value):
        options = [[*_near(item)] or [item] for item in value]
        return [tuple(each[min(n, len(each) - 1)] for each in options) for n in (0, 1)]
    if isinstance(value, PartialCall):
        changed = {k: _nearest(item.value) for k, item in value.keywords.items()}
        keywords = {k: Symbolic(v, constant_or_name(v)) for k, v in changed.items()}
        return [PartialCall(value.callee, keywords)]
    if isinstance(value, Op) and value.family == Family.ACTIVATION:
        return [OPS["tanh"] if value.name == "relu" else OPS["relu"]]
    return []


def _nearest(value: Any) -> Any:
    """A value like one, or the same one if there is none."""
    return next(iter(_near(value)), value)
