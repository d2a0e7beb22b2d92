"""Feature extraction: a network that ends early, and returns what its steps make."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from archspec.diagnostics.suggest import did_you_mean
from archspec.ir.graph import (
    Choice,
    Graph,
    Head,
    Item,
    Layer,
    Merge,
    Module,
    Port,
    Repeat,
    Value,
)


def extract_features(graph: Graph, names: Sequence[str]) -> Graph:
    """Return the network whose outputs are those of steps, in the order of `names`.

    A name is that of a step of `net` in the state dict, as `layer3`, or the path to one in
    a labeled group, as `features.16`. Heads, and the steps
    after the last one named, are not part of the network.

    Raises:
        TypeError: If `names` is a string.
        ValueError: If `names` is empty or has a name twice, or no step has a name.
    """
    if isinstance(names, str):
        raise TypeError(f"features are a list of steps: write `[{names!r}]`")
    if not names or len({*names}) < len(names):
        raise ValueError(f"features are different steps, at least one, found {names}")
    body: list[Item] = [item for item in graph.body if not isinstance(item, Head)]
    steps = {n: value for item in body for n, value in _steps_of(item)}
    for name in names:
        if name not in steps:
            raise ValueError(
                f"no step of `{graph.name}` is called `{name}`: "
                + _hint(name, steps, graph)
            )
    body = [_exporting(item, {*names}) for item in _up_to_the_last(body, {*names})]
    outputs = tuple(Port(name, steps[name], name) for name in names)
    return replace(graph, body=tuple(body), outputs=outputs, returns_tuple=True)


def _hint(name: str, steps: Iterable[str], graph: Graph) -> str:
    """What to write instead of a name that no step has."""
    if name in {node.path for node in graph.nodes}:
        return (
            "it is in a block, where `compile(...).get_submodule(name)` finds it for "
            "`register_forward_hook`"
        )
    return did_you_mean(name, steps) or f"its steps are {', '.join(steps)}"


def _up_to_the_last(body: Sequence[Item], names: set[str]) -> list[Item]:
    """Drop the items after the last one with a step that has one of the names."""
    kept = [*body]
    while not names & _names(kept[-1:]):
        kept.pop()
    if isinstance(last := kept[-1], Repeat):
        count = 1 + max(n for n, b in enumerate(last.iterations) if names & _names(b))
        iterations, variables = last.iterations[:count], last.variables[:count]
        kept[-1] = replace(last, iterations=iterations, variables=variables)
    return kept


def _exporting(item: Item, names: set[str]) -> Item:
    """Let groups return the outputs of steps in them: `features` that of `16`."""
    match item:
        case Module(block=""):
            start = f"{item.name.value}."
            inner = {n.removeprefix(start) for n in names if n.startswith(start)}
            body = tuple(_exporting(each, inner) for each in item.body)
            return replace(item, body=body, exports=item.exports | inner)
        case Choice():
            return replace(item, body=tuple(_exporting(i, names) for i in item.body))
        case Merge():
            return replace(item, branches=_all_exporting(item.branches, names))
        case Repeat():
            return replace(item, iterations=_all_exporting(item.iterations, names))
    return item


def _all_exporting(
    bodies: Sequence[tuple[Item, ...]], names: set[str]
) -> tuple[tuple[Item, ...], ...]:
    return tuple(tuple(_exporting(i, names) for i in body) for body in bodies)


def _names(items: Sequence[Item]) -> set[str]:
    return {name for item in items for name, _ in _steps_of(item)}


def _steps_of(item: Item) -> Iterator[tuple[str, Value]]:
    """The names of the level that an item is in, with the outputs of their steps."""
    match item:
        case Layer():
            yield str(item.name.value), item.node.output
        case Module():
            if not item.block:  # a group
                for inner in item.body:
                    for name, value in _steps_of(inner):
                        yield f"{item.name.value}.{name}", value
            yield str(item.name.value), item.output
        case Choice():
            bodies: Sequence[tuple[Item, ...]] = [item.body]
        case Merge():
            bodies = item.branches
        case Repeat():
            bodies = item.iterations
    if isinstance(item, Choice | Merge | Repeat):
        for body in bodies:
            for inner in body:
                yield from _steps_of(inner)
