"""Which params of a spec its class can have, and the networks that show it.

A network is lowered again with each param changed, and with those of each variant. A
class that represents all of these networks depends on the params as the spec does; a
param that no class can follow, as where it changes what `flatten` leaves, is fixed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
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
        """All networks."""
        return [self.graph, *self.others, *self.variants.values()]


def family_of_one(graph: Graph, build: Build[Built]) -> tuple[FamilyMembers, Built]:
    """The network by itself, whose class has no params."""
    built = build([graph], [])
    assert built is not None
    return FamilyMembers(graph), built


def family_members(graph: Graph, build: Build[Built]) -> tuple[FamilyMembers, Built]:
    """The largest family for which `build`, given networks and params, is not None."""
    members, built = family_of_one(graph, build)
    if sum(1 for _ in graph.layers) > MOST_LAYERS:
        return members, built
    changed = {name: [*_changed(graph, name)] for name in graph.family.params}
    changed = {name: graphs for name, graphs in changed.items() if graphs}
    for names in _choices(graph, changed, build):
        others = [each for name in names for each in changed[name]]
        found = build([graph, *others], names) if names else None
        if found is not None:
            members, built = FamilyMembers(graph, names, others=others), found
            break
    return _with_variants(members, built, build)


def _choices(
    graph: Graph, changed: Mapping[str, Sequence[Graph]], build: Build[Built]
) -> Iterator[list[str]]:
    """All params, then those that a class can have by themselves, if all fail."""
    yield [*changed]
    if len(changed) > 1:
        yield [
            name
            for name, graphs in changed.items()
            if build([graph, *graphs], [name]) is not None
        ]


def _with_variants(
    members: FamilyMembers, built: Built, build: Build[Built]
) -> tuple[FamilyMembers, Built]:
    """The family with those variants that change no other params."""
    family = members.graph.family
    if members.graph.name in family.variants:  # it is one itself
        members.variants[members.graph.name] = members.graph
        return members, built
    wanted = {
        name: lowered
        for name, values in family.variants.items()
        if {p for p in values if values[p] != family.params.get(p)} <= {*members.params}
        and (lowered := family.again(values)) is not None
    }
    for chosen in (wanted, *({name: graph} for name, graph in wanted.items())):
        graphs = [*members.graphs, *chosen.values()]
        found = build(graphs, members.params) if chosen else None
        if found is not None:
            members.variants |= chosen
            built = found
            if chosen is wanted:
                break
    return members, built


def _changed(graph: Graph, name: str) -> Iterator[Graph]:
    """The network with other values of one param."""
    family = graph.family
    values = [v[name] for v in family.variants.values() if name in v]
    own = family.params[name]
    seen = [own]
    for value in (*values, *_near(own)):
        if value in seen or len(seen) > MOST_VALUES:
            continue
        lowered = family.again({name: value})
        if lowered is not None:
            seen.append(value)
            yield lowered


MOST_VALUES = 2  # in addition to its own
MOST_LAYERS = 600  # of a network that is lowered again: a larger one takes seconds


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
