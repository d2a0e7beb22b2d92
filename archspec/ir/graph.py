"""The graph of a network: values, nodes, and how blocks, branches and repeats nest them.

The nodes are the computation; the items around them are its structure. A pass walks
`Graph.nodes`, a backend that draws or writes source walks `Graph.body`.

An item with the name of a class of `frontend.ast`, such as `Merge` or `Let`, is what that
step of the spec becomes.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from archspec.diagnostics.source import Span
from archspec.ir.shape import Shape as Shape  # noqa: PLC0414 - others read it here
from archspec.ir.symbolic import Symbolic

INPUT = "input"  # the op of what makes a named input

Sizes = tuple[int, ...]  # of a shape, for a table or a picture


@dataclass(eq=False, slots=True)
class Value:
    """A tensor between nodes. After an error its shape is None, unknown.

    `span` is the step that makes it, a layer or a whole block, in the body that reads
    it; `before` is the input of that step.
    """

    shape: Shape | None
    producer: Node | None = field(default=None, repr=False)
    span: Span | None = field(default=None, repr=False)
    before: Value | None = field(default=None, repr=False)


@dataclass(eq=False, slots=True, repr=False)
class Node:
    """One op applied: a layer, or a merge of branches."""

    op: str
    attributes: Mapping[str, Symbolic] = field(repr=False)
    inputs: tuple[Value, ...]
    output: Value
    path: str  # in the state dict; empty for a merge, which is no module
    block: str  # the innermost block it was written in, or ""
    span: Span = field(repr=False)
    calls: tuple[Span, ...] = field(repr=False)  # the blocks around it, outermost first
    weights: int = 0  # numbers in its trained tensors
    macs: int = 0  # multiply-accumulates for one image
    is_labeled: bool = False  # whether a label names it, not an ordinal or a count
    tied_to: str = ""  # the path of the step whose layers `tied` runs again
    values: dict[str, Any] = field(init=False, repr=False)  # the attributes, plain

    def __post_init__(self) -> None:
        """Take the values of the attributes once, since every pass reads them."""
        self.values = {name: item.value for name, item in self.attributes.items()}

    @property
    def parameters(self) -> int:
        """Its weights, which count where they run first."""
        return 0 if self.tied_to else self.weights

    def __repr__(self) -> str:
        """One line: the op, the path, the shapes and the parameters."""
        shapes = ", ".join(str([*plain(value.shape)]) for value in self.inputs)
        costs = f", {self.parameters:,} parameters" if self.parameters else ""
        name = f"{self.op} {self.path}".rstrip()
        return f"<{name}: {shapes} -> {[*plain(self.output.shape)]}{costs}>"


# --- structure -----------------------------------------------------------------------


@dataclass(eq=False, slots=True)
class Layer:
    """A node that is a module; `name` is its name in the surrounding level.

    Where a parameter of the block is the op, as in `act`, `called` names it, and
    `preset` the attributes that it has already.
    """

    name: Symbolic
    node: Node
    reads: Reference | None = None  # the second input of an op that takes a label
    called: ast.expr | None = None
    preset: frozenset[str] = frozenset()

    @property
    def is_labeled(self) -> bool:
        """Whether a label names it, not an ordinal or a count."""
        return self.node.is_labeled


@dataclass(eq=False, slots=True)
class Module:
    """A level of the state dict: a block call, or a labeled group (`block` empty).

    `arguments` are the values of the block's parameters, as expressions over the
    caller's parameters; `given` names those that the call spells out. `called` and
    `preset` are as those of a `Layer`.
    """

    name: Symbolic
    is_labeled: bool
    path: str
    block: str
    definition: object = field(repr=False)  # of two blocks of one name, which
    arguments: Mapping[str, Symbolic] = field(repr=False)
    given: frozenset[str] = field(repr=False)
    keyword_only: frozenset[str] = field(repr=False)
    defaults: Mapping[str, Any] = field(repr=False)  # the signature's constant ones
    body: tuple[Item, ...]
    input: Value
    output: Value
    span: Span = field(repr=False)
    called: ast.expr | None = None
    preset: frozenset[str] = frozenset()
    signature: str = ""
    about: str = ""  # the comment above the block's definition
    is_tied: bool = False  # whether `tied` runs it again
    exports: set[str] = field(default_factory=set)  # labels in a group, read outside it


@dataclass(eq=False, slots=True)
class Merge:
    """Branches that read one value, joined by a node; `split` gives each a chunk."""

    node: Node
    branches: tuple[tuple[Item, ...], ...]
    split: bool = False
    sizes: Symbolic | None = None  # of the chunks of a `split`, if they differ
    presence: tuple[ast.expr, ...] = ()  # what decides which branches there are


@dataclass(eq=False, slots=True)
class Head:
    """A side branch to an extra output, in training only.

    The next step reads `passed`, and so does a head that reads no label. Heads are in
    the network itself, or in a choice there, never in a module.
    """

    item: Layer | Module
    input: Value
    output: Value
    passed: Value
    reads: Reference | None = None

    @property
    def name(self) -> str:
        """Its label, which is its path in the state dict too."""
        return str(self.item.name.value)

    @property
    def nodes(self) -> Iterator[Node]:
        """Its nodes in execution order."""
        return nodes_in((self.item,))


@dataclass(eq=False, slots=True)
class Repeat:
    """A body several times. `variables` holds each iteration's loop variables.

    The input channels of an iteration are the variable `channels`; `entry` and
    `update` are its expressions before the first and after each iteration.
    """

    iterations: tuple[tuple[Item, ...], ...]
    index: str
    variables: tuple[dict[str, Any], ...] = field(repr=False)
    rows: Symbolic = field(repr=False)  # a count, or a tuple of rows
    channels: str
    entry: ast.expr
    update: ast.expr | None


@dataclass(eq=False, slots=True)
class Collect:
    """A repeat whose output is the concat, `node`, of what came in and of each output."""

    repeat: Repeat
    node: Node


@dataclass(eq=False, slots=True)
class Choice:
    """An `if`, with the arm that was chosen."""

    condition: Symbolic
    body: tuple[Item, ...]


@dataclass(eq=False, slots=True)
class Reference:
    """A `ref`: the next item reads the output of an earlier label.

    The label is one of the body that is `levels` labeled groups outwards, or the path
    from there into the groups of that body.
    """

    label: str
    value: Value
    levels: int = 0


@dataclass(eq=False, slots=True)
class Tied:
    """The layers of an earlier labeled step once more, with the same weights.

    `label` and `levels` say where the step is, as in a `Reference`. `item` has the nodes
    of this run; it is no level of the state dict. `name` is the label of `tied` itself.
    """

    label: str
    levels: int
    item: Layer | Module
    output: Value
    span: Span
    name: str = ""


@dataclass(eq=False, slots=True)
class Let:
    """Names for values, as expressions over the surrounding block's parameters."""

    values: Mapping[str, Symbolic]


Joined = Merge | Collect  # what a node joins
WITH_NODE = (Layer, Merge, Collect)
Item = (
    Layer | Module | Merge | Head | Repeat | Collect | Choice | Reference | Tied | Let
)


class Port(NamedTuple):
    """An input or output of a network."""

    name: str
    value: Value
    label: str = ""  # of the step that makes a named output, or the path to it

    @property
    def shape(self) -> Sizes:
        """Its shape as plain integers."""
        return plain(self.value.shape)


def named_input(name: str, shape: Shape, span: Span) -> Port:
    """An input with a name, made by a node that is not in the graph.

    So two inputs have different producers. The one input without a name has none.
    """
    value = Value(shape, span=span)
    value.producer = Node(INPUT, {}, (), value, name, "", span, ())
    return Port(name, value)


def param_name(name: str) -> str:
    """A param of the spec as a variable, which no name in a block can be taken for."""
    return f"${name}"


def is_param(name: str) -> bool:
    """Whether a variable of an expression is a param of the spec."""
    return name.startswith("$")


@dataclass(frozen=True, slots=True)
class SpecFamily:
    """The params of a network, its variants, and how to lower it with other values.

    `again` takes the params to change; it returns None where the network then has errors.
    """

    name: str = ""  # of the spec
    params: Mapping[str, Any] = field(default_factory=dict)
    variants: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    again: Callable[[Mapping[str, Any]], Graph | None] = lambda _: None
    values: Mapping[str, Any] = field(default_factory=dict)  # with those without a name


@dataclass(eq=False, slots=True, repr=False)
class Graph:
    """A network with every shape known."""

    name: str
    about: str
    inputs: tuple[Port, ...]
    outputs: tuple[Port, ...]
    body: tuple[Item, ...]
    returns_tuple: bool = False  # whether the spec has `outputs`
    family: SpecFamily = SpecFamily()

    def __repr__(self) -> str:
        """One line: the name and the number of layers."""
        return f"<Graph {self.name}: {sum(1 for _ in self.layers)} layers>"

    @property
    def has_named_inputs(self) -> bool:
        """Whether the spec names its inputs."""
        return self.inputs[0].value.producer is not None

    @property
    def labels_returned(self) -> tuple[str, ...]:
        """The labels of the steps that make the spec's `outputs`."""
        return tuple(p.label for p in self.outputs) if self.returns_tuple else ()

    @property
    def nodes(self) -> Iterator[Node]:
        """All nodes in the execution order of training."""
        return nodes_in(self.body)

    @property
    def heads(self) -> tuple[Head, ...]:
        """The extra outputs, in the order written."""
        return tuple(item for item in walk(self.body) if isinstance(item, Head))

    @property
    def parameters(self) -> int:
        """The number of trainable parameters, including the heads."""
        return sum(node.parameters for node in self.nodes)

    @property
    def macs(self) -> int:
        """Multiply-accumulates of convolutions and linear layers, for one image.

        Includes the heads, which run in training only.
        """
        return sum(node.macs for node in self.nodes)

    @property
    def layers(self) -> Iterator[Node]:
        """The nodes that are modules, and so can have keys in the state dict."""
        return (item.node for item in walk(self.body) if isinstance(item, Layer))


def plain(shape: Shape | None) -> Sizes:
    """The sizes of a shape as plain integers; none for an unknown one."""
    return tuple(int(size) for size in shape or ())


def producing_node(value: Value) -> Node | None:
    """The node that makes a value, looking through identities; None for the input."""
    node = value.producer
    while node and node.op == "identity":
        node = node.inputs[0].producer
    return node


def nodes_in(body: tuple[Item, ...]) -> Iterator[Node]:
    """The nodes of a body in execution order, those that `tied` runs again included."""
    return nodes_among(walk(body))


def nodes_among(items: Iterable[Item]) -> Iterator[Node]:
    """The nodes of items that have been walked already."""
    for item in items:
        if isinstance(item, WITH_NODE):
            yield item.node
        elif isinstance(item, Tied):
            yield from nodes_in((item.item,))


def reads_input(body: tuple[Item, ...]) -> bool:
    """Whether a body reads what comes in: not if each chain in it starts with `ref`."""
    for item in body:
        match item:
            case Reference():
                return False
            case Let():
                continue
            case Merge(split=False):
                return any(map(reads_input, item.branches))
            case Choice(body=inner) | Repeat(iterations=(inner, *_)):
                if inner:
                    return reads_input(inner)
            case Head(reads=Reference()):
                continue
            case Module(block=""):
                return reads_input(item.body)
            case _:
                return True
    return True


def walk(body: tuple[Item, ...]) -> Iterator[Item]:
    """Every item, depth first; what joins comes after what it joins.

    What `tied` runs again is visited where it is, not once more.
    """
    found: list[Item] = []  # a generator in a generator takes longer, the deeper it is
    _add_items(body, found)
    return iter(found)


def _add_items(body: tuple[Item, ...], found: list[Item]) -> None:
    for item in body:
        match item:
            case Merge():
                for branch in item.branches:
                    _add_items(branch, found)
                found.append(item)
            case Collect():
                _add_items((item.repeat,), found)
                found.append(item)
            case Module() | Choice():
                found.append(item)
                _add_items(item.body, found)
            case Head():
                found.append(item)
                _add_items((item.item,), found)
            case Repeat():
                found.append(item)
                for iteration in item.iterations:
                    _add_items(iteration, found)
            case _:
                found.append(item)
