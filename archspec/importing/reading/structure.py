"""From a dataflow to nested steps: chains, branches, groups, and skips by label."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from torch import nn

from archspec.importing.reading.closed_modules import items_of
from archspec.importing.reading.dataflow import Item, Node
from archspec.importing.reading.dominators import immediate_dominators
from archspec.importing.reading.label_paths import Labels
from archspec.importing.reading.levels import nest, place_of_head
from archspec.importing.reading.skips import Edges, find_skips, nested_concats
from archspec.importing.reading.tracing import Frame
from archspec.importing.steps import (
    Aux,
    Call,
    Group,
    Instance,
    Join,
    Ref,
    Split,
    Step,
)
from archspec.ops.merging import MERGES


def structured(
    nodes: Sequence[Node],
    outputs: Sequence[Node],
    heads: Sequence[Node] = (),
    keys: Sequence[str] = (),
) -> tuple[list[Step], tuple[str, ...]]:
    """The steps of a network, and the labels of its outputs where it has several.

    Args:
        nodes: all of them in the order in which they run, the inputs first.
        outputs: those that make the outputs.
        heads: those that make the outputs that only training has.
        keys: the names that the outputs have in a dict, if the module returns one.
    """
    root = nodes[0].frames[-1]
    entries = [node for node in nodes if not node.op]
    body = _Body(nodes, root, entries, [*outputs, *heads])
    steps = body.steps_to(outputs)
    for head in heads:
        body.add_head(steps, head)
    named = [body.ref(output) for output in outputs] if outputs[1:] else []
    body.labels.wanted = {
        id(body.made[output]): key for output, key in zip(outputs, keys, strict=False)
    }
    return body.finished(steps), tuple(ref.path for ref in named)


@dataclass
class _Body:
    """A body in the making."""

    nodes: Sequence[Node]
    frame: Frame
    entries: Sequence[Node]  # values from outside
    outputs: Sequence[Node]
    items: dict[Node, Item] = field(init=False)  # by the value that each makes
    skips: Edges = field(init=False)
    sources: dict[Node, list[Node]] = field(init=False)  # without skips
    nearest: dict[Node, Node | None] = field(init=False)
    made: dict[Node, Step] = field(default_factory=dict)
    labels: Labels = field(init=False)
    start: Call | None = None  # names the value that enters, where it is read by name

    def __post_init__(self) -> None:
        items = items_of(self.nodes, self.frame, self.outputs)
        self.items = {item.output: item for item in items}
        self.skips = find_skips(items, self.frame)
        self.labels = Labels(self.frame.path)
        self._find_dominators()
        if nested := nested_concats(items, self.nearest):
            self.skips |= nested
            self._find_dominators()

    def _find_dominators(self) -> None:
        self.sources = {each: [] for each in self.entries}
        self.sources |= {
            node: [x for x in item.inputs if (x, node) not in self.skips]
            for node, item in self.items.items()
        }
        fed = {*self.entries}  # all but the branches that start with a `ref`
        main = {}
        for node, sources in self.sources.items():
            main[node] = [x for x in sources if x in fed] or sources
            if fed.intersection(main[node]):
                fed.add(node)
        self.nearest = immediate_dominators([*main], main)

    @property
    def entry(self) -> Node | None:
        """The value that the body starts from, if it is one."""
        return self.entries[0] if len(self.entries) == 1 else None

    def steps_to(self, outputs: Sequence[Node]) -> list[Step]:
        """The steps that make the outputs, and what is read by label besides."""
        steps: list[Step] = []
        last = self.entry
        for target in self._targets(outputs):
            if target in self.made:
                continue
            start, chain = self._chain(target, last)
            if start is not None and start is not last:
                steps.append(self.ref(start))
            steps += chain
            last = target
        return steps

    def _targets(self, outputs: Sequence[Node]) -> list[Node]:
        """The ends of chains, in the order in which they run."""
        reached = set(outputs)
        stack = [*outputs]
        while stack:
            fresh = set(self.sources[stack.pop()]) - reached
            reached |= fresh
            stack += fresh
        ends = {*outputs, *(x for x, _ in self.skips if x not in reached)}
        return [node for node in self.sources if node in ends and node in self.items]

    def add_head(self, steps: list[Step], head: Node) -> None:
        """Insert a head after the step that it reads, or after that step's level or heads."""
        start, chain = self._chain(head, self.entry)
        source = self.made.get(start) if start else None
        places = [n for n, step in enumerate(steps, 1) if step is source]
        nearest = 0 if start is self.entry else (*places, len(steps))[0]
        heads = [n for n, step in enumerate(steps, 1) if isinstance(step, Aux)]
        place = place_of_head(
            chain, steps, max(nearest, *heads, 0), self.frame.path, self.labels.paths
        )
        between = [step for step in steps[nearest:place] if not isinstance(step, Aux)]
        reads_last = not between and (start is self.entry or places)
        if start and not reads_last:
            chain.insert(0, self.ref(start))
        steps.insert(place, Aux({"": chain}))

    def _chain(self, value: Node, stop: Node | None) -> tuple[Node | None, list[Step]]:
        """The steps that make a value, and what they start from.

        That is `stop`, or a value that is made already; None if the first step is a join
        of chains that start from several inputs.
        """
        spine: list[Node] = []
        start: Node | None = value
        while start is not stop and start is not None:
            if start in self.made or start not in self.items:
                break
            spine.append(start)
            read = self.items[start].inputs
            is_skip = len(read) == 1 and not self.sources[start]
            start = read[0] if is_skip else self.nearest[start]
        steps = []
        for each in reversed(spine):
            steps.append(self._step(self.items[each]))
            self.made[each] = steps[-1]
        return start, steps

    def ref(self, value: Node) -> Ref:
        """A reference to a value that is made already, or that enters the body."""
        if value in self.items:
            return self.labels.ref(self.made[value])
        if name := self._input_name(value):
            return Ref(name)
        self.start = self.start or Call("identity")
        return self.labels.ref(self.start)

    def _input_name(self, value: Node) -> str:
        """The name of an input of the network, which no block reads by it."""
        return (value.label or "") if self.frame.caller is None else ""

    def _step(self, item: Item) -> Step:
        if item.is_repeated:
            return self.labels.tied(item.path or "")
        node = item.output
        if node.op in MERGES and not item.frame:
            return self._join(node)
        step = _module(item) if item.frame else self._call(node)
        if item.path is not None:
            self.labels.add(step, item.path)
        return step

    def _call(self, node: Node) -> Call:
        call = Call(
            node.op,
            node.positional,
            node.keywords,
            None,
            tuple(tuple(x.shape) for x in node.inputs),
            tuple(node.shape),
        )
        if node.like and (name := self._input_name(node.like)):
            call.positional = (name, *node.positional)
        elif node.like:
            if node.like not in self.made:
                self.start = self.start or Call("identity")
            target = self.made.get(node.like) or self.start
            assert target
            self.labels.reads.append((call, target))
        return call

    def _join(self, node: Node) -> Step:
        before = self.nearest[node]
        branches: list[list[Step]] = []
        for x in node.inputs:
            if (x, node) in self.skips and x in self.made:
                branches.append([self.ref(x)])
                continue
            start, branch = self._chain(x, before)
            if start is not before and start:
                branch.insert(0, self.ref(start))
            branches.append(branch)
        split = _split(branches) if node.op == "concat" else None
        return split or Join(node.op, branches)

    def finished(self, steps: list[Step]) -> list[Step]:
        """The steps with their labels, in groups where names have a level."""
        if self.start:
            steps.insert(0, self.start)
        steps = self.labels.name_targets(steps)
        steps = nest(steps, self.frame.path, self.labels.paths)
        self.labels.resolve(steps)
        return steps


def _module(item: Item) -> Step:
    """A block call, or the group of an `nn.Sequential`."""
    frame = item.frame
    assert frame
    label = frame.path.rpartition(".")[2]
    body = _Body(item.nodes, frame, item.inputs, [item.output])
    inner = body.finished(body.steps_to([item.output]))
    if type(frame.module) is nn.Sequential:
        return Group(label, inner)
    return Instance(
        type(frame.module).__name__,
        frame.arguments,
        inner,
        label,
        (tuple(item.inputs[0].shape),),
        tuple(item.output.shape),
    )


def _split(branches: Sequence[list[Step]]) -> Split | None:
    """A split, if each branch starts from the next part of the channels."""
    firsts = [branch[0] if branch else None for branch in branches]
    calls = [each for each in firsts if isinstance(each, Call)]
    parts = [call.positional for call in calls]
    if len(calls) < len(branches) or len(branches) < 2:
        return None
    rest = [branch[1:] for branch in branches]
    count = len(branches)
    if {call.name for call in calls} == {"chunk"}:
        equal = [(count, number) for number in range(count)]
        return Split(rest) if parts == equal else None
    sizes = tuple(call.output[0] for call in calls)
    starts = [sum(sizes[:number]) for number in range(count)]
    whole = calls[0].inputs[0][0] == sum(sizes)
    found = [_part(call) for call in calls]
    return Split(rest, sizes) if whole and found == starts else None


def _part(call: Call) -> int | None:
    """The first channel that a call takes; None if it takes no part."""
    first, second = (*call.positional, None, None)[:2]
    if call.name == "slice" and isinstance(first, int):
        return first
    if call.name == "chunk" and isinstance(second, int):
        return second * call.output[0]
    return None
