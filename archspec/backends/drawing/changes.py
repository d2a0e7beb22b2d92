"""The drawing of a comparison: the later network, with the changed layers framed.

Removed parts are in dashed frames, each next to the layer that it followed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain

from archspec.backends.drawing.captions import describe, sizes
from archspec.backends.drawing.drawing import Drawing
from archspec.backends.drawing.look import Look
from archspec.diagnostics.source import Source
from archspec.ir.graph import (
    Choice,
    Collect,
    Graph,
    Head,
    Item,
    Joined,
    Layer,
    Merge,
    Module,
    Node,
    Repeat,
    plain,
    producing_node,
)
from archspec.passes.compare import Change, ComparedPart
from archspec.passes.matching import all_pairs, match_parts

COLORS = {"added": "#2e7d32", "changed": "#e65100", "resized": "#1565c0"}
WORDS = {"added": "green", "removed": "red", "changed": "orange", "resized": "blue"}


def draw_changes(changes: Sequence[Change], before: Graph, after: Graph) -> Drawing:
    """Draw a network, with frames around what was added, removed, changed or resized."""
    marks: dict[Node, str] = {}
    for change in changes:
        if change.after and change.change in COLORS:
            for node in _marked(change, change.after, changes, after):
                marks.setdefault(node, COLORS[change.change])
    counts = Counter[str](change.change for change in changes)
    words = [
        f"{counts[kind]} {kind} ({color})"
        for kind, color in WORDS.items()
        if counts[kind]
    ]
    title = f"{before.name} → {after.name}: {', '.join(words) or 'no difference'}"
    removed = _removed(changes, before, after)
    look = Look(title, legend=False, marks=marks, removed=removed)
    return Drawing(after, Source("", ""), look=look)


def _marked(
    change: Change, part: ComparedPart, changes: Sequence[Change], graph: Graph
) -> list[Node]:
    """The layers or the join that a change is about.

    A block with another argument is marked where its layers changed, if any did.
    """
    if not part.layers:
        return [
            node
            for level, node in _joins(graph.body, "")
            if (level, node.op, plain(node.output.shape))
            == (part.path, part.op, part.output)
        ]
    inner = (c.after.path for c in changes if c is not change and c.after)
    if change.change == "changed" and any(_is_in(path, part) for path in inner):
        return []
    return _layers(graph, part)


def _joins(body: Iterable[Item], level: str) -> Iterator[tuple[str, Node]]:
    """The node of each join, with the path of the level around it."""
    for item in body:
        match item:
            case Merge():
                yield from _joins(chain.from_iterable(item.branches), level)
                yield level, item.node
            case Collect():
                yield from _joins((item.repeat,), level)
                yield level, item.node
            case Repeat():
                yield from _joins(chain.from_iterable(item.iterations), level)
            case Module():
                yield from _joins(item.body, item.path)
            case Choice():
                yield from _joins(item.body, level)
            case Head():
                yield from _joins((item.item,), level)


def _layers(graph: Graph, part: ComparedPart) -> list[Node]:
    return [node for node in graph.layers if _is_in(node.path, part)]


def _is_in(path: str, part: ComparedPart) -> bool:
    """Whether a path is that of a part, or lies within it."""
    return path == part.path or path.startswith(f"{part.path}.")


def _removed(
    changes: Sequence[Change], before: Graph, after: Graph
) -> dict[Node | None, list[str]]:
    """Return the captions of removed layers and blocks, by the layer before them.

    From `conv | relu | maxpool` to `conv | maxpool`, `relu` is next to `conv`.
    """
    kept = {
        old.node: new.node
        for old, new in all_pairs(match_parts(before.body, after.body))
        if isinstance(old, Layer | Joined) and isinstance(new, Layer | Joined)
    }
    found: dict[Node | None, list[str]] = {}
    for change in changes:
        part = change.before
        if change.change != "removed" or not part or not part.layers:
            continue  # a join has no layers of its own
        first, *others = _layers(before, part)
        caption = f"{part.op} {sizes(part.output)}" if others else describe(first)
        found.setdefault(_place(first, kept), []).append(caption)
    return found


def _place(removed: Node, kept: Mapping[Node, Node]) -> Node | None:
    """Return the layer of the later network that it followed; None for the input."""
    node = removed
    while node.inputs and (before := producing_node(node.inputs[0])):
        if before in kept:
            return kept[before]
        node = before
    return None
