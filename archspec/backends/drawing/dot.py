"""Write a network as DOT: blocks as nested clusters, shapes on the edges."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from itertools import count
from typing import Any, Literal

import graphviz

from archspec.backends.drawing.captions import SIGNS, costs, place, sizes
from archspec.backends.drawing.diagram import (
    Box,
    Group,
    Join,
    Part,
    Run,
    Side,
    branch_label,
    copies,
    entry,
    nodes,
    sketch,
)
from archspec.backends.drawing.dot_labels import (
    Copies,
    box_label,
    folded_label,
    head_label,
    legend,
)
from archspec.backends.drawing.dot_table import italic
from archspec.diagnostics.terminal import printable
from archspec.ir.graph import Graph, Layer, Node, Shape, Value, producing_node
from archspec.ops.merging import chunk_shape
from archspec.ops.registry import OPS

Direction = Literal["TB", "LR"]  # Graphviz's words: top to bottom, left to right
FONT = "Helvetica,Arial,sans-serif"
LINE, FRAME = "#444444", "#9a9a9a"
GRAPH = {"fontname": FONT, "fontsize": "11", "nodesep": "0.2", "ranksep": "0.12"}
NODE = {"fontname": FONT, "fontsize": "11", "color": LINE}
EDGE = {"fontname": FONT, "fontsize": "9", "color": LINE, "arrowsize": "0.6"}
PILL = {"shape": "box", "style": "rounded", "height": "0.2", "margin": "0.1,0.02"}
EXTRA = {**PILL, "style": "rounded,dashed"}  # an output that training alone has
CIRCLE = {"shape": "circle", "width": "0.22", "fixedsize": "true", "margin": "0"}
# What a value passes. Its arrows leave in their order, which holds within one cluster:
# thus a branch that begins with a block has a LANDING before it.
TITLE = {"shape": "plain", "ordering": "out"}
DOT = {"shape": "point", "width": "0.05", "ordering": "out"}
LANDING = {"shape": "point", "width": "0.01"}


def to_dot(graph: Graph, depth: int | None = None, direction: Direction = "TB") -> str:
    """The network as DOT text; blocks deeper than `depth` are one node each."""
    return _DotWriter(graph, depth, direction).text()


class _DotWriter:
    def __init__(self, graph: Graph, depth: int | None, direction: Direction) -> None:
        self.graph = graph
        self.depth = depth
        self.direction = direction
        self.macs = graph.macs
        self.ends: dict[Node | None, str] = {None: "input"}  # where a value comes from
        self.forks: dict[str, str] = {}  # with the label of the next arrow that leaves
        self.edges: list[tuple[str, str, dict[str, str]]] = []
        self.kinds: set[str] = set()
        self.names = (f"n{number}" for number in count(1))

    def text(self) -> str:
        dot = graphviz.Digraph(
            _plain(self.graph.name),
            graph_attr={**GRAPH, "rankdir": self.direction, "tooltip": " "},
            node_attr=NODE,
            edge_attr={**EDGE, "tooltip": " "},
        )
        dot.node("input", label="input", tooltip=" ", **PILL)
        parts = sketch(self.graph)
        self.parts(parts, dot, 1)
        dot.node("output", label="output", tooltip=" ", **PILL)
        self.read(self.graph.output, "output")
        upwards = self.direction == "LR"  # where the first branch would be the lowest
        for start, end, look in reversed(self.edges) if upwards else self.edges:
            dot.edge(start, end, **look)
        dot.attr(label=legend(self.graph, self.kinds))
        return str(dot.source)

    def parts(self, parts: Iterable[Part], dot: graphviz.Digraph, depth: int) -> None:
        every = [copies(part) for part in parts]
        if self.opens(depth):
            for each in every:
                self.part(each, dot, depth)
            return
        for stage in _stages(every):
            if isinstance(stage[0][0], Group):
                inside = [node for each in stage for node in nodes(each)]
                self.node(folded_label(stage, self.macs), inside, dot)
            else:
                self.part(stage[0], dot, depth)

    def opens(self, depth: int) -> bool:
        """Whether a block that stands at a depth shows what is in it."""
        return self.depth is None or depth < self.depth

    def part(self, each: Copies, dot: graphviz.Digraph, depth: int) -> None:
        """Draw the first of some copies; the others stand where it does."""
        drawn: Sequence[Part] = each[:1]
        others: Sequence[Sequence[Part]] = [[part] for part in each[1:]]
        match each[0]:
            case Box() as box:
                self.kinds |= {OPS[node.op].family for node in box.layers}
                said = costs(nodes(each), self.macs) if depth == 1 else ()
                self.node(box_label(box, each, said), box.layers, dot)
            case Group() as group:
                self.cluster(each, group.parts, dot, depth + 1)
            case Join() as join:
                self.join(join, dot, depth)
            case Side() as side:
                self.side(side, dot, depth)
            case Run() as run:
                self.cluster(each, run.copies[0], dot, depth)
                drawn, *others = run.copies
        for other in others:
            for here, there in zip(nodes(drawn), nodes(other), strict=True):
                self.ends[there] = self.ends[here]

    def cluster(
        self, each: Copies, parts: Sequence[Part], dot: graphviz.Digraph, depth: int
    ) -> None:
        """A frame; downwards, what enters it passes its title, lest it cross that."""
        with dot.subgraph(name=f"cluster_{next(self.names)}") as inner:
            inner.attr(color=FRAME, tooltip=" ")
            title = {"label": head_label(each, self.macs)}
            look = {**TITLE, **title}
            if self.direction == "LR":
                inner.attr(labeljust="l", **title)
                look = DOT
            with self.passing(entry(parts[0]), look, inner):
                self.parts(parts, inner, depth)

    def join(self, join: Join, dot: graphviz.Digraph, depth: int) -> None:
        """Branches that leave one place and meet in the node that joins them."""
        node = join.node
        name = next(self.names)
        with self.fork(join, dot) as fork:
            for branch, value in zip(join.branches, node.inputs, strict=True):
                self.branch(branch, fork, dot, depth)
                same = node.op in SIGNS and value.shape == node.output.shape
                self.read(value, name, says_shape=not same)
        look = CIRCLE if node.op in SIGNS else PILL
        sign = SIGNS.get(node.op, node.op)
        dot.node(name, label=sign, tooltip=_plain(place(node.span)), **look)
        self.ends[node] = name

    def side(self, side: Side, dot: graphviz.Digraph, depth: int) -> None:
        """A head, and the output that it ends in. What goes on stays straight."""
        name, head = next(self.names), side.head
        fork, first = self.ends[producing_node(head.input)], len(self.edges)
        self.parts(side.parts, dot, depth)
        span = head.item.node.span if isinstance(head.item, Layer) else head.item.span
        dot.node(name, label=_plain(head.name), tooltip=_plain(place(span)), **EXTRA)
        self.read(head.output, name)
        for start, _, look in self.edges[first:]:
            if start == fork:
                look["weight"] = "0"

    def fork(self, join: Join, dot: graphviz.Digraph) -> AbstractContextManager[str]:
        """Where the branches start: at a title or another fork, if they follow it."""
        value = entry(join)
        start = self.ends[producing_node(value)]
        if start in self.forks and not join.split:
            return nullcontext(start)
        if not join.split:
            return self.passing(value, DOT, dot)
        chunk = chunk_shape(value.shape or (), len(join.branches))
        look = {"label": f"split into {sizes(chunk)}", "ordering": "out", **PILL}
        return self.passing(value, look, dot)

    def branch(
        self, parts: Sequence[Part], fork: str, dot: graphviz.Digraph, depth: int
    ) -> None:
        """A branch. A labelled group needs no frame: its first arrow has the label."""
        match parts:
            case (Group(module, inner),) if not module.block and self.opens(depth):
                self.forks[fork] = branch_label(parts)
                self.parts(inner, dot, depth + 1)
            case (Group() | Run(), *_) if self.opens(depth):
                with self.passing(entry(parts[0]), LANDING, dot, arrowhead="none"):
                    self.parts(parts, dot, depth)
            case (Box(),):
                self.forks[fork] = branch_label(parts)
                self.parts(parts, dot, depth)
            case _:
                self.parts(parts, dot, depth)

    @contextmanager
    def passing(
        self,
        value: Value,
        look: Mapping[str, str],
        dot: graphviz.Digraph,
        arrowhead: str = "normal",
    ) -> Iterator[str]:
        """A place that a value passes: what reads it meanwhile leaves from there."""
        name = next(self.names)
        dot.node(name, tooltip=" ", **look)
        self.read(value, name, arrowhead=arrowhead)
        before = self.ends[producing_node(value)]
        self.ends[producing_node(value)] = name
        self.forks[name] = ""
        yield name
        self.ends[producing_node(value)] = before

    def node(self, label: str, inside: Sequence[Node], dot: graphviz.Digraph) -> None:
        """One node for some layers, and an arrow for each value that it reads."""
        name = next(self.names)
        dot.node(name, label=label, shape="plain", tooltip=" ")
        made = set(inside)
        read = {
            producing_node(value): value for node in inside for value in node.inputs
        }
        for value in (read[made_by] for made_by in read if made_by not in made):
            self.read(value, name)
        self.ends |= dict.fromkeys(inside, name)

    def read(
        self,
        value: Value,
        end: str,
        *,
        says_shape: bool = True,
        arrowhead: str = "normal",
    ) -> None:
        """An arrow to where a value is read. What leaves a fork is said before it."""
        start = self.ends[producing_node(value)]
        look = {"arrowhead": arrowhead}
        if start in self.forks:
            look["label"] = italic(self.forks[start])
            self.forks[start] = ""
        elif says_shape:
            look["label"] = f" {sizes(value.shape)}"
        self.edges.append((start, end, look))


def _stages(every: Iterable[Copies]) -> list[list[Copies]]:
    """Together what calls one block in a row, while the size of the image stays."""
    found: list[list[Copies]] = []
    for each in every:
        if found and _goes_on(found[-1][0][0], each[0]):
            found[-1].append(each)
        else:
            found.append([each])
    return found


def _goes_on(first: Part, part: Part) -> bool:
    if not isinstance(first, Group) or not isinstance(part, Group):
        return False
    a, b = first.module, part.module
    return bool(a.block) and a.block == b.block and _size(b.input) == _size(b.output)


def _size(value: Value) -> Shape:
    """All but the channels."""
    shape = value.shape or ()
    return shape[1:] if len(shape) == 3 else shape[:-1]


def _plain(words: str) -> Any:
    """Text as it is: no markup, and no escape sequence but the line break."""
    safe = "\\n".join(
        printable(line).replace("&", "&amp;").replace("\\", "\\\\")
        for line in words.split("\n")
    )
    return graphviz.nohtml(safe)
