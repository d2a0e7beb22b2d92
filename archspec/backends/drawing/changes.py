"""The drawing of a comparison: the later network, with the changed layers framed.

Removed parts are in dashed frames, each next to the layer that it followed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from archspec.backends.drawing.captions import describe, sizes
from archspec.backends.drawing.drawing import Drawing
from archspec.backends.drawing.look import Look
from archspec.diagnostics.source import Source
from archspec.ir.graph import Graph, Joined, Layer, Node, producing_node
from archspec.passes.compare import Change, ComparedPart
from archspec.passes.matching import all_pairs, match_parts

COLORS = {"added": "#2e7d32", "changed": "#e65100", "resized": "#1565c0"}
WORDS = {"added": "green", "removed": "red", "changed": "orange", "resized": "blue"}


def draw_changes(changes: Sequence[Change], before: Graph, after: Graph) -> Drawing:
    """Draw a network, with frames around what was added, removed, changed or resized."""
    marks: dict[Node, str] = {}
    for change in changes:
        if change.after and change.change in COLORS:
            for node in _layers(after, change.after):
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


def _layers(graph: Graph, part: ComparedPart) -> list[Node]:
    inside = f"{part.path}."
    return [n for n in graph.layers if n.path == part.path or n.path.startswith(inside)]


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
