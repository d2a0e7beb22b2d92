"""Drop labels that name what a step is called anyway.

The compiler names unlabeled layers, so a text with all labels is compiled, and each label
is compared with the name that its call has without one, wherever the call is expanded.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from archspec.compiler import Options, compile_source
from archspec.diagnostics.diagnostic import Findings
from archspec.diagnostics.source import Source
from archspec.frontend.ast import Labeled
from archspec.frontend.ast import Step as ParsedStep
from archspec.frontend.step_traversal import calls_in, children, is_plain_chain
from archspec.importing.inner_bodies import Body, bodies_in, has_state, map_bodies
from archspec.importing.label_reads import all_steps, labels_read
from archspec.importing.steps import Call, Network, Ref, Tied
from archspec.importing.writing.write_network import write
from archspec.ir import graph as ir
from archspec.lowering.state_dict_names import Level
from archspec.spec import Spec


def without_needless_labels(network: Network) -> Network:
    """Return the network without labels that change no name in the state dict.

    A network that does not compile keeps its labels.
    """
    unnamed = without_unread_labels(network)
    spec = _compiled(unnamed)
    if spec is None:  # a layer without weights has the number that another is called
        unnamed, spec = network, _compiled(network)
    network = unnamed
    if spec is None:
        return network
    names = _Names(spec).by_position
    parsed = [block.body for block in spec.document.blocks]
    parsed += [spec.document.net] if spec.document.net else []
    positions = [
        call.span.start
        for body in parsed
        for call in calls_in(body)
        if call.name.id not in ("identity", "none")  # an empty branch has one too
    ]
    links = [
        step
        for step in all_steps(network)
        if isinstance(step, Ref | Tied)
        or (isinstance(step, Call) and step.name != "identity")
    ]
    read = labels_read(network)
    needless = {
        id(call)
        for call, position in zip(links, positions, strict=True)
        if isinstance(call, Call) and call.label and call.label not in read
        if all(name == default for name, default in names[position])
    }
    return _relabeled(network, needless)


def _compiled(network: Network) -> Spec | None:
    source = Source("spec.yaml", write(network))
    return compile_source(source, None, Options(), Findings()).spec


def without_unread_labels(network: Network) -> Network:
    """Drop the labels of calls without state, save the numbers of a sequence."""
    read = labels_read(network)
    repeated = _repeated_labels(network)
    needless = {
        id(step)
        for step in all_steps(network)
        if isinstance(step, Call)
        and step.label
        and (not step.label.isdigit() or id(step) in repeated)
        and "{" not in step.label
        and not has_state(step)
        and step.label not in read
    }
    return _relabeled(network, needless)


def _repeated_labels(network: Network) -> set[int]:
    """Calls whose body has their label twice: of a block that was written out twice."""
    bodies = [network.body, *(block.body for block in network.blocks)]
    bodies += [body for step in all_steps(network) for body in bodies_in(step)]
    found: set[int] = set()
    for body in bodies:
        calls = [step for step in body if isinstance(step, Call) and step.label]
        counts = Counter(call.label for call in calls)
        found |= {id(call) for call in calls if counts[call.label] > 1}
    return found


def _relabeled(network: Network, needless: set[int]) -> Network:
    def change(body: Body) -> Body:
        return [
            replace(step, label=None)
            if isinstance(step, Call) and id(step) in needless
            else map_bodies(step, change)
            for step in body
        ]

    blocks = [replace(block, body=change(block.body)) for block in network.blocks]
    return replace(network, blocks=blocks, body=change(network.body))


@dataclass
class _Names:
    """By the position of a call: its name and the one without a label, in each expansion."""

    spec: Spec
    by_position: dict[int, list[tuple[str, str]]] = field(
        default_factory=lambda: defaultdict(list)
    )

    def __post_init__(self) -> None:
        document = self.spec.document
        bodies = {block.name.id: block.body for block in document.blocks}
        self.plain_blocks = {n: is_plain_chain(body) for n, body in bodies.items()}
        parsed = [*bodies.values(), *([document.net] if document.net else [])]
        self.plain_groups = {
            step.label.span.start: is_plain_chain(step.step)
            for body in parsed
            for step in _labeled_in(body)
        }
        is_plain = document.net is None or is_plain_chain(document.net)
        self._name_level(self.spec.graph.body, is_plain)
        for head in self.spec.graph.heads:
            self._name_inside(head.item)

    def _name_level(self, body: tuple[ir.Item, ...], is_plain: bool) -> None:
        level = Level(is_plain_chain=is_plain)
        for item in _of_level(body):
            match item:
                case ir.Layer():
                    self._note(item.node.span.start, item, item.node.span.text, level)
                case ir.Module(block=""):
                    level.next_name("")
                    self._name_inside(item)
                case ir.Module():
                    self._note(item.span.start, item, item.span.text, level)
                    self._name_inside(item)

    def _name_inside(self, item: ir.Layer | ir.Module) -> None:
        match item:
            case ir.Module(block="", body=body, span=span):
                self._name_level(body, self.plain_groups[span.start])
            case ir.Module(block=name, body=body) if name in self.plain_blocks:
                self._name_level(body, self.plain_blocks[name])

    def _note(
        self, position: int, item: ir.Layer | ir.Module, text: str, level: Level
    ) -> None:
        called = re.match(r"\w+", text)
        assert called
        default = level.next_name(called[0])
        self.by_position[position].append((str(item.name.value), default))


def _of_level(body: tuple[ir.Item, ...]) -> Iterator[ir.Layer | ir.Module]:
    """The layers and levels of one level; heads take no number."""
    for item in body:
        match item:
            case ir.Layer() | ir.Module():
                yield item
            case ir.Merge():
                for branch in item.branches:
                    yield from _of_level(branch)
            case ir.Choice():
                yield from _of_level(item.body)
            case ir.Repeat():
                for iteration in item.iterations:
                    yield from _of_level(iteration)


def _labeled_in(step: ParsedStep) -> Iterator[Labeled]:
    if isinstance(step, Labeled):
        yield step
    for child in children(step):
        yield from _labeled_in(child)
