"""Emit the diagram as DOT: blocks are nested clusters, shapes label the edges."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from itertools import count
from typing import Any, Literal

import graphviz

from archspec.backends.drawing.captions import costs, location, merge_caption, sizes
from archspec.backends.drawing.diagram import (
    AuxBranch,
    Box,
    Cluster,
    Join,
    Part,
    Repetition,
    branch_label,
    build_diagram,
    entry,
    nodes,
    reads_entry,
    repeated,
)
from archspec.backends.drawing.dot_labels import (
    REMOVED,
    Copies,
    box_label,
    folded_label,
    heading,
    removed_label,
    title_label,
)
from archspec.backends.drawing.dot_table import framed, italic
from archspec.backends.drawing.look import PLAIN, Look
from archspec.diagnostics.terminal import printable
from archspec.ir.graph import Graph, Layer, Node, Value, producing_node
from archspec.ops.merging import MERGES, chunk_shape
from archspec.ops.op import Family
from archspec.ops.registry import OPS

Direction = Literal["TB", "LR"]  # as Graphviz has them: top to bottom, left to right
FONT = "Helvetica,Arial,sans-serif"
LINE, FRAME = "#444444", "#9a9a9a"
GRAPH = {"fontname": FONT, "fontsize": "11", "nodesep": "0.2", "ranksep": "0.12"}
NODE = {"fontname": FONT, "fontsize": "11", "color": LINE}
EDGE = {"fontname": FONT, "fontsize": "9", "color": LINE, "arrowsize": "0.6"}
PILL = {"shape": "box", "style": "rounded", "height": "0.2", "margin": "0.1,0.02"}
EXTRA_OUTPUT = {**PILL, "style": "rounded,dashed"}  # of a head, in training only
CIRCLE = {"shape": "circle", "width": "0.22", "fixedsize": "true", "margin": "0"}
# A waypoint is a small node between the producer of a value and its readers. Its edges
# leave in the order of the branches. Graphviz keeps that order among nodes of one
# cluster only, so a LANDING precedes a branch that begins with a cluster.
TITLE = {"shape": "plain", "ordering": "out"}
DOT = {"shape": "point", "width": "0.05", "ordering": "out"}
LANDING = {"shape": "point", "width": "0.01"}


def to_dot(
    graph: Graph,
    depth: int | None = None,
    direction: Direction = "TB",
    look: Look = PLAIN,
) -> str:
    """Return the network as DOT text; blocks deeper than `depth` are one node each."""
    return _DotWriter(graph, depth, direction, look).text()


class _DotWriter:
    """Writes nodes into nested clusters, then all edges at the end."""

    def __init__(
        self, graph: Graph, depth: int | None, direction: Direction, look: Look
    ) -> None:
        self.graph = graph
        self.depth = depth
        self.direction = direction
        self.look = look
        self.macs = graph.macs if look.costs else None
        # The DOT node where the edges of a producing node's value start.
        self.starts: dict[Node | None, str] = {}
        self.forks: dict[str, str] = {}  # waypoints, with the label of their next edge
        self.edges: list[tuple[str, str, dict[str, str]]] = []
        self.families: set[Family] = set()
        self.names = (f"n{number}" for number in count(1))

    def text(self) -> str:
        dot = graphviz.Digraph(
            _plain(self.graph.name),
            graph_attr={**GRAPH, "rankdir": self.direction, "tooltip": " "},
            node_attr=NODE,
            edge_attr={**EDGE, "tooltip": " "},
        )
        for port in self.graph.inputs:
            name = f"input_{port.name}" if self.graph.has_named_inputs else "input"
            dot.node(name, label=port.name, tooltip=" ", **PILL)
            self.starts[port.value.producer] = name
        parts = build_diagram(self.graph)
        self.parts(parts, dot, 1)
        for port in self.graph.outputs:
            name = f"output_{port.name}" if self.graph.returns_tuple else "output"
            dot.node(name, label=_plain(port.name), tooltip=" ", **PILL)
            self.read(port.value, name)
        self.removed(dot)
        # From left to right, Graphviz stacks branches upwards: the first is the lowest.
        is_upwards = self.direction == "LR"
        for start, end, style in reversed(self.edges) if is_upwards else self.edges:
            dot.edge(start, end, **style)
        place = {"labelloc": "t"} if self.look.title else {}
        dot.attr(label=heading(self.graph, self.families, self.look), **place)
        return str(dot.source)

    def removed(self, dot: graphviz.Digraph) -> None:
        """Draw removed parts next to the layers that they followed."""
        style = {
            "style": "dashed",
            "color": REMOVED,
            "arrowhead": "none",
            "weight": "0",
        }
        for before, captions in self.look.removed.items():
            name = next(self.names)
            dot.node(name, label=removed_label(captions), shape="plain", tooltip=" ")
            start = self.starts[before or self.graph.inputs[0].value.producer]
            self.edges.append((start, name, style))

    def parts(self, parts: Iterable[Part], dot: graphviz.Digraph, depth: int) -> None:
        sequence = [repeated(part) for part in parts]
        if self.shows_contents(depth):
            for copies in sequence:
                self.part(copies, dot, depth)
            return
        for stage in _stages(sequence):
            if isinstance(stage[0][0], Cluster):
                folded = [node for copies in stage for node in nodes(copies)]
                label = self.marked(folded_label(stage, self.macs), folded)
                self.node(label, folded, dot)
            else:
                self.part(stage[0], dot, depth)

    def marked(self, label: str, layers: Iterable[Node]) -> str:
        """A label with the frame of the first marked layer, if there is one."""
        marks = (self.look.marks.get(node, "") for node in layers)
        color = next(filter(None, marks), "")
        return framed(label, color) if color else label

    def shows_contents(self, depth: int) -> bool:
        """Whether the blocks at a depth show their parts, or are folded."""
        return self.depth is None or depth < self.depth

    def part(self, copies: Copies, dot: graphviz.Digraph, depth: int) -> None:
        """Draw the first of some copies. Edges of the others start there too."""
        drawn: Sequence[Part] = copies[:1]
        others: Sequence[Sequence[Part]] = [[part] for part in copies[1:]]
        match copies[0]:
            case Box() as box:
                self.families |= {OPS[node.op].family for node in box.layers}
                shown_costs = costs(nodes(copies), self.macs) if depth == 1 else ()
                below = self.direction == "LR"  # a row of boxes is long enough
                label = box_label(box, copies, shown_costs, below=below)
                self.node(self.marked(label, nodes(copies)), box.layers, dot)
            case Cluster() as cluster:
                self.cluster(copies, cluster.parts, dot, depth + 1)
            case Join() as join:
                self.join(join, dot, depth)
            case AuxBranch() as branch:
                self.aux_branch(branch, dot, depth)
            case Repetition() as repetition:
                self.cluster(copies, repetition.copies[0], dot, depth)
                drawn, *others = repetition.copies
        for other in others:
            for node, same in zip(nodes(drawn), nodes(other), strict=True):
                self.starts[same] = self.starts[node]

    def cluster(
        self, copies: Copies, parts: Sequence[Part], dot: graphviz.Digraph, depth: int
    ) -> None:
        """Draw a frame with a title.

        From top to bottom, the title is a waypoint of the value that enters, because
        its edge would cross the title otherwise. Nothing enters a join of labels.
        """
        has_entry = reads_entry(parts[0])
        with dot.subgraph(name=f"cluster_{next(self.names)}") as inner:
            inner.attr(color=FRAME, tooltip=" ")
            title = {"label": title_label(copies, self.macs)}
            style = {**TITLE, **title}
            if self.direction == "LR":
                inner.attr(labeljust="l", **title)
                style = DOT
            elif not has_entry:
                inner.node(next(self.names), tooltip=" ", **style)
            start = self.waypoint(entry(parts[0]), style, inner) if has_entry else None
            with start or nullcontext():
                self.parts(parts, inner, depth)

    def join(self, join: Join, dot: graphviz.Digraph, depth: int) -> None:
        """Draw branches from a fork to the node that merges them."""
        node, sign = join.node, MERGES[join.node.op].sign
        name = next(self.names)
        with self.fork(join, dot) as fork:
            for branch, value in zip(join.branches, node.inputs, strict=True):
                self.branch(branch, fork, dot, depth)
                has_new_shape = not sign or value.shape != node.output.shape
                self.read(value, name, shows_shape=has_new_shape)
        style = CIRCLE if sign else PILL
        if color := self.look.marks.get(node):
            style = {**style, "color": color, "penwidth": "3"}
        tooltip = _plain(location(node.span))
        dot.node(name, label=merge_caption(node), tooltip=tooltip, **style)
        self.starts[node] = name

    def aux_branch(self, branch: AuxBranch, dot: graphviz.Digraph, depth: int) -> None:
        """Draw a head and its output next to the other layers, which stay in a line."""
        name, head = next(self.names), branch.head
        fork, first = self.starts[producing_node(head.input)], len(self.edges)
        self.parts(branch.parts, dot, depth)
        span = head.item.node.span if isinstance(head.item, Layer) else head.item.span
        tooltip = _plain(location(span))
        dot.node(name, label=_plain(head.name), tooltip=tooltip, **EXTRA_OUTPUT)
        self.read(head.output, name)
        for start, _, style in self.edges[first:]:
            if start == fork and not head.reads:
                style["weight"] = "0"  # Graphviz straightens heavier edges first

    def fork(self, join: Join, dot: graphviz.Digraph) -> AbstractContextManager[str]:
        """Return where the branches start: at the fork before them, or at a new one.

        The title of a cluster is a fork too. A single branch needs none.
        """
        value = entry(join)
        if not join.readers:
            return nullcontext("")
        start = self.starts[producing_node(value)]
        if start in self.forks and not join.split:
            return nullcontext(start)
        if not join.split:
            is_alone = join.readers == 1
            return nullcontext("") if is_alone else self.waypoint(value, DOT, dot)
        if join.sizes:
            chunks = " + ".join(map(str, join.sizes))
        else:
            shape = value.shape and chunk_shape(value.shape, len(join.branches))
            chunks = sizes(shape)
        style = {"label": f"split into {chunks}", "ordering": "out", **PILL}
        return self.waypoint(value, style, dot)

    def branch(
        self, parts: Sequence[Part], fork: str, dot: graphviz.Digraph, depth: int
    ) -> None:
        """Draw a branch. A labeled group has its label on its first edge, not a frame.

        Without a fork, it is drawn as a step in a chain.
        """
        is_open = self.shows_contents(depth)
        match parts:
            case _ if not fork:
                self.parts(parts, dot, depth)
            case (Cluster(module, inner),) if is_open and not module.block:
                self.forks[fork] = branch_label(parts)
                self.parts(inner, dot, depth + 1)
            case (Cluster() | Repetition() as first, *_) if is_open and reads_entry(
                first
            ):
                with self.waypoint(entry(parts[0]), LANDING, dot, arrowhead="none"):
                    self.parts(parts, dot, depth)
            case (Box(),):
                self.forks[fork] = branch_label(parts)
                self.parts(parts, dot, depth)
            case _:
                self.parts(parts, dot, depth)

    @contextmanager
    def waypoint(
        self,
        value: Value,
        style: Mapping[str, str],
        dot: graphviz.Digraph,
        arrowhead: str = "normal",
    ) -> Iterator[str]:
        """Draw a waypoint of a value, where its edges start inside the `with` block."""
        name = next(self.names)
        dot.node(name, tooltip=" ", **style)
        self.read(value, name, arrowhead=arrowhead)
        before = self.starts[producing_node(value)]
        self.starts[producing_node(value)] = name
        self.forks[name] = ""
        yield name
        self.starts[producing_node(value)] = before

    def node(self, label: str, layers: Sequence[Node], dot: graphviz.Digraph) -> None:
        """Draw one DOT node for some layers, and an edge for each value they read."""
        name = next(self.names)
        dot.node(name, label=label, shape="plain", tooltip=" ")
        inputs = {
            producing_node(value): value for node in layers for value in node.inputs
        }
        own = set(layers)
        for producer, value in inputs.items():
            if producer not in own:
                self.read(value, name)
        self.starts |= dict.fromkeys(layers, name)

    def read(
        self,
        value: Value,
        end: str,
        *,
        shows_shape: bool = True,
        arrowhead: str = "normal",
    ) -> None:
        """Draw an edge to a node that reads a value.

        Its label is the shape. After a fork it is the label of the branch, because the
        edge before the fork has the shape.
        """
        start = self.starts[producing_node(value)]
        style = {"arrowhead": arrowhead}
        if start in self.forks:
            style["label"] = italic(self.forks[start])
            self.forks[start] = ""
        elif shows_shape:
            style["label"] = f" {sizes(value.shape)}"
        self.edges.append((start, end, style))


def _stages(sequence: Iterable[Copies]) -> list[list[Copies]]:
    """Group consecutive calls of one block that keep the size of the image.

    `residual(64)`, `residual(128, s=2)` and `residual(128)` are two stages: the second
    one starts where the size changes.
    """
    stages: list[list[Copies]] = []
    for copies in sequence:
        if stages and _continues(stages[-1][0][0], copies[0]):
            stages[-1].append(copies)
        else:
            stages.append([copies])
    return stages


def _continues(first: Part, part: Part) -> bool:
    if not isinstance(first, Cluster) or not isinstance(part, Cluster):
        return False
    a, b = first.module, part.module
    return bool(a.block) and a.block == b.block and _size(b.input) == _size(b.output)


def _size(value: Value) -> tuple[int, ...]:
    """Return all sizes but the channels."""
    return value.shape.spatial if value.shape else ()


def _plain(words: str) -> Any:
    """Escape text for Graphviz: no markup, and no escape sequence but line breaks."""
    safe = "\\n".join(
        printable(line).replace("&", "&amp;").replace("\\", "\\\\")
        for line in words.split("\n")
    )
    return graphviz.nohtml(safe)
