"""Which modules are steps of a body: those that read one value and make one."""

from __future__ import annotations

from collections.abc import Sequence

from archspec.importing.reading.dataflow import Item, Node
from archspec.importing.reading.tracing import Frame


def items_of(
    nodes: Sequence[Node], frame: Frame, outputs: Sequence[Node]
) -> list[Item]:
    """The steps of a body: the closed modules in it, and all nodes outside of them.

    Args:
        nodes: those of the body, in the order in which they run.
        frame: the call of the module that the body is of.
        outputs: the values that leave it.
    """
    readers: dict[Node, list[Node]] = {}
    within: dict[Frame, list[Node]] = {}
    for node in nodes:
        for source in node.inputs:
            readers.setdefault(source, []).append(node)
        around = node.frames
        for inner in around[: around.index(frame)]:
            within.setdefault(inner, []).append(node)
    items: dict[Node, Item] = {}  # by each node inside
    for child in sorted(within, key=_depth):
        inside = within[child]
        if inside[0] in items or not _owns_layers(child, inside):
            continue
        members = set(inside)
        read = {x for node in inside for x in node.inputs} - members
        made = [
            node
            for node in inside
            if node in outputs or not members.issuperset(readers.get(node, ()))
        ]
        if len(read) == 1 and made == inside[-1:]:
            item = Item(inside, [*read], child)
            items |= dict.fromkeys(inside, item)
    singles = {node: Item([node], node.inputs) for node in nodes if node.op}
    chosen = [items.get(node, singles.get(node)) for node in nodes]
    return [
        item
        for node, item in zip(nodes, chosen, strict=True)
        if item and item.output is node
    ]


def _owns_layers(frame: Frame, nodes: Sequence[Node]) -> bool:
    """Whether there are layers in a module, all of them with paths below its own."""
    paths = [node.path for node in nodes if node.path is not None]
    return bool(paths) and all(path.startswith(f"{frame.path}.") for path in paths)


def _depth(frame: Frame) -> int:
    depth = 0
    while frame.caller:
        frame, depth = frame.caller, depth + 1
    return depth
