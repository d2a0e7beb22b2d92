"""Which values are read by their label: skips between levels of names.

A level is a module that is no block of its own, as it reads or makes several values, or
the layers of an `nn.ModuleList`. What it reads besides its main input would, as a branch,
put other layers inside it, and is read by a `ref`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from archspec.importing.reading.dataflow import Item, Node
from archspec.importing.reading.tracing import Frame

Edges = set[tuple[Node, Node]]  # from a value to one that is made of it


def find_skips(items: Sequence[Item], frame: Frame) -> Edges:
    """The edges that are no chains or branches.

    Args:
        items: the steps of a body, in the order in which they run.
        frame: the call of the module that the body is of.
    """
    order = {item.output: number for number, item in enumerate(items)}
    readers: dict[Node, list[Node]] = {}
    for item in items:
        for source in item.inputs:
            readers.setdefault(source, []).append(item.output)
    skips: Edges = {
        (item.output.like, item.output)
        for item in items
        if item.output.like and not item.frame
    }
    for members in _levels(items, frame):
        _absorb(members, items, order, readers)
        inputs = [(x, node) for node in members for x in items[order[node]].inputs]
        read = {x for x, _ in inputs if x not in members}
        made = [node for node in members if _is_read_outside(node, members, readers)]
        if len(read) > 1:
            main = max(read, key=lambda x: order.get(x, -1))
            skips |= {(x, y) for x, y in inputs if x in read and x is not main}
        if len(made) > 1:
            main = max(made, key=order.__getitem__)
            skips |= {
                (x, y)
                for x in made
                for y in readers.get(x, ())
                if x is not main and y not in members
            }
    return skips


def nested_concats(items: Sequence[Item], nearest: Mapping[Node, Node | None]) -> Edges:
    """The skips of a U-Net whose levels are all in one body.

    As branches, each level would lie within the branch of another.
    """
    order = {item.output: number for number, item in enumerate(items)}
    spans = [
        (order.get(x, -1), order[item.output], (x, item.output))
        for item in items
        for x in item.inputs
        if item.output.op == "concat" and nearest[item.output] is x
    ]
    return {
        edge
        for start, end, edge in spans
        if any(
            (start < other and last < end) or (other < start and end < last)
            for other, last, _ in spans
        )
    }


def _levels(items: Sequence[Item], frame: Frame) -> Iterator[set[Node]]:
    """The nodes of each level, with those without weights in between."""
    places: dict[str, list[int]] = {}
    for number, item in enumerate(items):
        for level in _levels_of(item, frame):
            places.setdefault(level, []).append(number)
    for numbers in places.values():
        if all(items[number].path is None for number in numbers):
            continue
        within = items[numbers[0] : numbers[-1] + 1]
        chosen = {items[number].output for number in numbers}
        yield chosen | {item.output for item in within if item.path is None}


def _levels_of(item: Item, frame: Frame) -> set[str]:
    """The paths around an item that lie within the body's own."""
    start = f"{frame.path}." if frame.path else ""
    found = set()
    if item.path and not item.output.is_repeated:
        parts = item.path.removeprefix(start).split(".")
        found |= {start + ".".join(parts[:n]) for n in range(1, len(parts))}
    around = item.around
    for inner in around[: around.index(frame)] if frame in around else ():
        if inner.path.startswith(start) and inner.path != item.path:
            found.add(inner.path)
    return found


def _absorb(
    members: set[Node],
    items: Sequence[Item],
    order: Mapping[Node, int],
    readers: Mapping[Node, Sequence[Node]],
) -> None:
    """Add what follows without weights, if after it one value leaves the level."""

    def count() -> int:
        return sum(_is_read_outside(node, grown, readers) for node in grown)

    grown = set(members)
    known = grown | {x for node in members for x in items[order[node]].inputs}
    number = max(order[node] for node in members) + 1
    while count() > 1 and number < len(items):
        item = items[number]
        if item.path is not None or not set(item.inputs) <= known:
            return
        grown.add(item.output)
        known.add(item.output)
        number += 1
    if count() <= 1:
        members |= grown


def _is_read_outside(
    node: Node, members: set[Node], readers: Mapping[Node, Sequence[Node]]
) -> bool:
    return not members.issuperset(readers.get(node, ()))
