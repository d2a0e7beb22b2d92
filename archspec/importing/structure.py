"""From a dataflow to nested steps: chains, branches, groups, and skips by label."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from inspect import signature

from torch import nn

from archspec.importing.dataflow import Node
from archspec.importing.dominators import immediate_dominators
from archspec.importing.levels import nest
from archspec.importing.steps import (
    Aux,
    Call,
    Group,
    Instance,
    Join,
    Ref,
    Step,
    Tied,
)
from archspec.importing.steps import Value as Argument
from archspec.importing.tracing import Frame
from archspec.ops.merging import MERGES


@dataclass(eq=False)
class Item:
    """A node, or a module that reads one value and makes one: a step of a body."""

    nodes: list[Node]  # of which the last makes the value
    inputs: list[Node]
    frame: Frame | None = None  # of a module
    step: Step | None = None

    @property
    def output(self) -> Node:
        """The value that it makes."""
        return self.nodes[-1]


@dataclass
class Body:
    """A body in the making."""

    prefix: str  # the path of its module
    items: dict[Node, Item]  # by the value that each makes
    entries: Sequence[Node]  # values from outside
    skips: set[tuple[Node, Node]] = field(default_factory=set)  # refs, not branches
    nearest: dict[Node, Node | None] = field(default_factory=dict)
    made: dict[Node, Step] = field(default_factory=dict)
    paths: dict[int, str] = field(default_factory=dict)  # by the step's id


def structured(
    nodes: Sequence[Node], outputs: Sequence[Node], heads: Sequence[Node] = ()
) -> tuple[list[Step], tuple[str, ...]]:
    """The steps of a network, and the labels of its outputs where it has several.

    Args:
        nodes: all of them in the order in which they run, the inputs first.
        outputs: those that make the outputs.
        heads: those that make the outputs that only training has.
    """
    root = nodes[0].frames[-1]
    entries = [node for node in nodes if not node.op]
    body = _body(nodes, root, entries, [*outputs, *heads])
    steps: list[Step] = []
    for output in outputs:
        steps += _chain(body, output, entries[0] if len(entries) == 1 else None)
    for head in heads:
        _add_head(body, steps, head)
    steps = nest(steps, root.path, body.paths)
    return steps, ()


def _add_head(body: Body, steps: list[Step], head: Node) -> None:
    """Put a head behind the step whose output it reads."""
    start, *inner = _chain(body, head, None)
    assert isinstance(start, Ref)
    source = body.made[start.path]  # type: ignore[index]
    where = next(n for n, step in enumerate(steps) if step is source)
    name = body.paths.get(id(inner[0]), "") if len(inner) == 1 else "aux"
    steps.insert(where + 1, Aux({name: inner}))


def steps_of(
    nodes: Sequence[Node], frame: Frame, entry: Node, output: Node
) -> list[Step]:
    """The steps of a module from the value that enters it to its output."""
    body = _body(nodes, frame, [entry], [output])
    return nest(_chain(body, output, entry), body.prefix, body.paths)


def _body(
    nodes: Sequence[Node],
    frame: Frame,
    entries: Sequence[Node],
    outputs: Sequence[Node],
) -> Body:
    items = _items(nodes, frame, outputs)
    body = Body(frame.path, {item.output: item for item in items}, entries)
    sources: dict[Node, list[Node]] = {each: [] for each in entries} | {
        node: [x for x in item.inputs if (x, node) not in body.skips]
        for node, item in body.items.items()
    }
    body.nearest = immediate_dominators([*sources], sources)
    return body


def _items(nodes: Sequence[Node], frame: Frame, outputs: Sequence[Node]) -> list[Item]:
    """The steps of a body: modules that are closed, and all other nodes."""
    readers: dict[Node, list[Node]] = {}
    for node in nodes:
        for source in node.inputs:
            readers.setdefault(source, []).append(node)
    children: dict[Frame, list[Node]] = {}
    for node in nodes:
        around = node.frames
        for inner in around[: around.index(frame)]:
            children.setdefault(inner, []).append(node)
    closed: dict[Node, Frame] = {}
    inside: set[Node] = set()
    made: dict[Frame, Item] = {}
    for child in sorted(children, key=_depth):
        within = children[child]
        if within[0] in inside or not _has_state(child, within):
            continue
        members = set(within)
        reads = {x for node in within for x in node.inputs} - members
        left = [
            node
            for node in within
            if node in outputs or any(r not in members for r in readers.get(node, ()))
        ]
        if len(reads) == 1 and len(left) == 1 and left[0] is within[-1]:
            inside |= members
            closed[within[-1]] = child
            made[child] = Item(within, [*reads], child)
    items = []
    for node in nodes:
        if node in closed:
            items.append(made[closed[node]])
        elif node not in inside and node.op:
            items.append(Item([node], node.inputs))
    return items


def _has_state(frame: Frame, nodes: Sequence[Node]) -> bool:
    """Whether a module owns weights that lie below it."""
    paths = [node.path for node in nodes if node.path is not None]
    start = f"{frame.path}."
    return bool(paths) and all(path.startswith(start) for path in paths)


def _depth(frame: Frame) -> int:
    depth = 0
    while frame.caller:
        frame, depth = frame.caller, depth + 1
    return depth


def _chain(body: Body, value: Node, stop: Node | None) -> list[Step]:
    """The steps that make a value from another."""
    spine: list[Node] = []
    steps: list[Step] = []
    while value is not stop:
        if value in body.made:
            steps.append(Ref(value))  # type: ignore[arg-type] # a path later
            break
        if value not in body.items:  # an input of the network
            steps.append(Ref(value.label or ""))
            break
        spine.append(value)
        item = body.items[value]
        if len(item.inputs) == 1:
            value = item.inputs[0]
        else:
            before = body.nearest[value]
            if before is None:
                break
            value = before
    for each in reversed(spine):
        steps.append(_step(body, body.items[each]))
        body.made[each] = steps[-1]
    return steps


def _step(body: Body, item: Item) -> Step:
    if item.frame:
        step = _module(item)
        body.paths[id(step)] = item.frame.path
        return step
    node = item.output
    if node.op in MERGES:
        before = body.nearest[node]
        branches = [_chain(body, x, before) for x in node.inputs]
        return Join(node.op, branches)
    if node.is_repeated:
        return Tied(node.path or "")
    step = Call(
        node.op,
        node.positional,
        node.keywords,
        None,
        tuple(tuple(x.shape) for x in node.inputs),
        tuple(node.shape),
    )
    if node.path is not None:
        body.paths[id(step)] = node.path
    return step


def _module(item: Item) -> Step:
    """A block call, or the group of an `nn.Sequential`."""
    frame = item.frame
    assert frame
    label = frame.path.rpartition(".")[2]
    inner = steps_of(item.nodes, frame, item.inputs[0], item.output)
    if type(frame.module) is nn.Sequential:
        return Group(label, inner)
    return Instance(
        type(frame.module).__name__,
        constructor_arguments(frame.module),
        inner,
        label,
        (tuple(item.inputs[0].shape),),
        tuple(item.output.shape),
    )


def constructor_arguments(module: nn.Module) -> dict[str, Argument]:
    """The arguments of a constructor that the module keeps under their names."""
    found: dict[str, Argument] = {}
    for name in signature(type(module).__init__).parameters:
        value = vars(module).get(name)
        if isinstance(value, bool | int | float | str):
            found[name] = value
    return found
