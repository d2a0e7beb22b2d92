"""Write a network as DOT: blocks as nested clusters, shapes on the edges."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import graphviz

from archspec.ir.graph import (
    Choice,
    Graph,
    Item,
    Layer,
    Merge,
    Module,
    Node,
    Repeat,
    Shape,
    Value,
    walk,
)
from archspec.ops.op import REQUIRED, Op, pair, show
from archspec.ops.registry import OPS

# Fill colours by kind of op: light, and of different lightness, so that they can be
# told apart in grey. (ColorBrewer "Pastel1" and neighbours.)
COLORS = {
    "convolution": "#9ecae1",
    "linear": "#bcbddc",
    "pooling": "#fdd0a2",
    "normalization": "#fff7bc",
    "activation": "#c7e9c0",
    "regularization": "#f2f2f2",
    "shape": "#e0e0e0",
    "merge": "#ffffff",
    "block": "#deebf7",
}
SIGNS = {"add": "+", "mul": "×"}
FONT = "Helvetica"


def to_dot(graph: Graph, depth: int | None = None) -> str:
    """The network as DOT text; blocks deeper than `depth` are one node each."""
    return _DotWriter(graph, depth).text()


class _DotWriter:
    def __init__(self, graph: Graph, depth: int | None) -> None:
        self.graph = graph
        self.depth = depth
        self.ids: dict[int, str] = {}  # id of a Node -> the DOT node it is drawn in
        self.nodes = 0
        self.clusters = 0
        self.edges: list[tuple[str, str, str]] = []

    def text(self) -> str:
        dot = graphviz.Digraph(
            _quoted(self.graph.name),
            graph_attr={"rankdir": "TB", "fontname": FONT, "nodesep": "0.3", "ranksep": "0.3"},
            node_attr={
                "shape": "box", "style": "filled,rounded", "fontname": FONT,
                "fontsize": "11", "height": "0.3", "margin": "0.12,0.06", "color": "#555555",
            },
            edge_attr={
                "fontname": FONT, "fontsize": "9", "fontcolor": "#444444",
                "color": "#555555", "arrowsize": "0.6",
            },
        )  # fmt: skip
        self.add(dot, "input", "input", fill="#ffffff")
        self.body(self.graph.body, dot, 1)
        self.add(dot, "output", "output", fill="#ffffff")
        self.connect(self.graph.output, "output")
        for start, end, label in self.edges:
            dot.edge(start, end, label=f" {label}")
        return str(dot.source)

    def body(self, body: tuple[Item, ...], dot: graphviz.Digraph, depth: int) -> None:
        for item in body:
            match item:
                case Layer() if item.node.op != "identity":
                    self.layer(item.node, dot)
                case Module() if self.depth is not None and depth >= self.depth:
                    self.folded(item, dot)
                case Module():
                    self.cluster(item, dot, depth)
                case Merge():
                    for branch in item.branches:
                        self.body(branch, dot, depth)
                    self.merge(item.node, dot)
                case Repeat():
                    for iteration in item.iterations:
                        self.body(iteration, dot, depth)
                case Choice():
                    self.body(item.body, dot, depth)

    def cluster(self, module: Module, dot: graphviz.Digraph, depth: int) -> None:
        self.clusters += 1
        with dot.subgraph(name=f"cluster_{self.clusters}") as inner:
            inner.attr(
                label=_quoted(_title(module)), fontsize="10", labeljust="l",
                style="rounded", color="#999999", fontcolor="#333333",
            )  # fmt: skip
            self.body(module.body, inner, depth + 1)

    def folded(self, module: Module, dot: graphviz.Digraph) -> None:
        name = self.next_id()
        nodes = list(_nodes(module.body))
        for node in nodes:
            self.ids[id(node)] = name
        parameters = sum(node.parameters for node in nodes)
        self.add(dot, name, _lines(_title(module), parameters), fill=COLORS["block"])
        inputs = {value: None for node in nodes for value in node.inputs}
        self.connect_inputs(inputs, name)

    def layer(self, node: Node, dot: graphviz.Digraph) -> None:
        name = self.ids[id(node)] = self.next_id()
        label = _lines(describe(node), node.parameters)
        self.add(dot, name, label, fill=COLORS[OPS[node.op].family])
        self.connect_inputs(node.inputs, name)

    def merge(self, node: Node, dot: graphviz.Digraph) -> None:
        name = self.ids[id(node)] = self.next_id()
        label = SIGNS.get(node.op, node.op)
        shape = "circle" if node.op in SIGNS else "box"
        self.add(dot, name, label, fill=COLORS["merge"], shape=shape)
        self.connect_inputs(node.inputs, name)

    def add(
        self,
        dot: graphviz.Digraph,
        name: str,
        label: str,
        *,
        fill: str,
        shape: str = "box",
    ) -> None:
        dot.node(name, label=_quoted(label), fillcolor=fill, shape=shape)

    def connect_inputs(self, inputs: Iterable[Value], name: str) -> None:
        for value in inputs:
            self.connect(value, name)

    def connect(self, value: Value, end: str) -> None:
        """An edge from what makes a value; an identity that is not drawn makes none."""
        producer = value.producer
        while producer and producer.op == "identity" and id(producer) not in self.ids:
            producer = producer.inputs[0].producer
        start = self.ids[id(producer)] if producer else "input"
        if start != end:  # else it is within a folded block
            self.edges.append((start, end, _shape(value.shape)))

    def next_id(self) -> str:
        self.nodes += 1
        return f"n{self.nodes}"


def _quoted(label: str) -> Any:
    """A label as it is: no markup, and no escape sequence but the line break."""
    text = label.replace("&", "&amp;").replace("\\", "\\\\").replace("\n", "\\n")
    return graphviz.nohtml(text)


def describe(node: Node) -> str:
    """A layer in few words: `conv 3x3, 64, s=2`."""
    op = OPS[node.op]
    values = node.values
    words = [op.name]
    kernel = values.get("kernel_size")
    if kernel is not None:
        words[0] += f" {pair(kernel)[0]}x{pair(kernel)[1]}"
    shown = [
        show(values[p.name])
        for p in op.parameters
        if p.positional and p.name != "kernel_size"
    ]
    shown += [
        f"{p.shown}={show(values[p.name])}"
        for p in op.parameters
        if not p.positional
        and p.name != "kernel_size"
        and _is_telling(op, p.name, values)
    ]
    return ", ".join([*words, *shown])


def _is_telling(op: Op, name: str, values: dict[str, object]) -> bool:
    """Whether an argument differs from its default."""
    others = {key: value for key, value in values.items() if key != name}
    default = op.defaults(others)[name]
    return default is REQUIRED or values[name] != default


def _nodes(body: tuple[Item, ...]) -> Iterator[Node]:
    for item in walk(body):
        if isinstance(item, Layer | Merge):
            yield item.node


def _title(module: Module) -> str:
    label = module.name.value
    if not module.block:
        return str(label)
    return module.block if label.isdigit() else f"{label}: {module.block}"


def _lines(text: str, parameters: int) -> str:
    return f"{text}\n{parameters:,}" if parameters else text


def _shape(shape: Shape | None) -> str:
    return "×".join(str(int(size)) for size in shape or ())
