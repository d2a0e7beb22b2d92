"""The drawing of a comparison: the later network, with the changed layers framed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from archspec.backends.drawing.drawing import Drawing
from archspec.backends.drawing.look import Look
from archspec.diagnostics.source import Source
from archspec.ir.graph import Graph, Node
from archspec.passes.compare import Change

COLORS = {"added": "#2e7d32", "changed": "#e65100", "resized": "#1565c0"}
WORDS = {"added": "green", "changed": "orange", "resized": "blue"}


def draw_changes(changes: Sequence[Change], before: Graph, after: Graph) -> Drawing:
    """Draw a network, with frames around what was added, changed or resized."""
    marks: dict[Node, str] = {}
    for change in changes:
        if change.after and change.change in COLORS:
            paths = (change.after.path, f"{change.after.path}.")
            for node in after.layers:
                if node.path == paths[0] or node.path.startswith(paths[1]):
                    marks.setdefault(node, COLORS[change.change])
    counts = Counter(change.change for change in changes)
    words = [
        f"{counts[kind]} {kind}" + (f" ({WORDS[kind]})" if kind in WORDS else "")
        for kind in ("added", "removed", "changed", "resized")
        if counts[kind]
    ]
    title = f"{before.name} → {after.name}: {', '.join(words) or 'no difference'}"
    return Drawing(after, Source("", ""), look=Look(title, legend=False, marks=marks))
