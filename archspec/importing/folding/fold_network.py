"""Fold a network: modules of one class become a block, and neighbors a repeat."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Container, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from graphlib import TopologicalSorter
from itertools import chain

from archspec.compiler import Options, compile_source
from archspec.diagnostics.diagnostic import Findings
from archspec.diagnostics.source import Source
from archspec.importing.block_names import free_name, snake_case
from archspec.importing.folding.absorbed_joins import with_absorbed_joins
from archspec.importing.folding.argument_fields import Kind, Signatures
from archspec.importing.folding.block_building import BuiltBlock, build_block
from archspec.importing.folding.fold_repeats import RepeatFolder
from archspec.importing.folding.index_names import with_index_names
from archspec.importing.folding.library_matching import (
    Match,
    calls_of,
    library_matches,
)
from archspec.importing.folding.progressions import with_progressions
from archspec.importing.folding.recursive_blocks import (
    DEPTH,
    Nesting,
    with_own_arguments,
)
from archspec.importing.folding.templates import MismatchError, channels_of
from archspec.importing.folding.tidy_steps import tidy
from archspec.importing.folding.vectors import Vector
from archspec.importing.inner_bodies import Body, map_bodies, walk
from archspec.importing.label_reads import labels_read
from archspec.importing.shapes_with_axes import with_axes
from archspec.importing.steps import Block, Call, Group, Instance, Network, Step, Value
from archspec.importing.writing.default_labels import without_default_labels
from archspec.importing.writing.needed_labels import without_needless_labels
from archspec.importing.writing.one_off_blocks import with_one_off_blocks
from archspec.importing.writing.write_network import body_text, count_lines, write
from archspec.ir.graph import Graph
from archspec.ops.registry import OPS

SHORTEST = 3  # lines of a definition
LONG = 3  # lines of a block that is called from the library, though with constants


def folded(network: Network) -> Network:
    """Return the same network with blocks and repeats, and without instances.

    The layers of both are compared. Where folding would change one, each module becomes
    a block of its own.
    """
    plain = without_needless_labels(with_one_off_blocks(network))
    graph = _graph(plain)
    if graph is None:
        return plain
    network = with_axes(network, graph)
    for recursive in (True, False) if _recursive_classes(network.body) else (False,):
        with suppress(MismatchError):
            short = without_needless_labels(fold(network, recursive=recursive))
            found = _graph(short)
            if found and _layers(found) == _layers(graph):
                return short
    return plain


def _graph(network: Network) -> Graph | None:
    """The graph of a network; None if it does not compile."""
    source = Source("spec.yaml", write(network))
    spec = compile_source(source, None, Options(), Findings()).spec
    return spec.graph if spec else None


def _layers(graph: Graph) -> list[tuple[object, ...]]:
    """The layers that have weights, in order."""
    return [
        (node.op, node.path, node.values, node.output.shape)
        for node in graph.layers
        if OPS[node.op].weights
    ]


def fold(network: Network, *, recursive: bool = False) -> Network:
    """Fold a network whose layers nobody compares.

    With `recursive`, a class whose modules hold each other is one block.

    Raises:
        MismatchError: with `recursive`, if such a class does not fold into a block.
    """
    network = with_progressions(with_absorbed_joins(tidy(network)))
    folder = _Folder(labels_read(network))
    for instances in _by_class(network.body, recursive=recursive):
        if recursive and any(map(_held, instances)):
            folder.define_recursive(instances)
        else:
            folder.define(instances)
    bodies = [
        *chain(*(folder.folded([network.body], pairs=pairs) for pairs in (False, True)))
    ]
    body = min(bodies, key=count_lines)
    return with_index_names(replace(network, body=body, blocks=folder.blocks))


def _by_class(body: Body, *, recursive: bool) -> list[list[Instance]]:
    """The instances of each class, those of inner classes first.

    Without `recursive`, those of a class that contains itself are apart, by how deep
    they go.
    """
    apart = set() if recursive else _recursive_classes(body)
    members: dict[tuple[str, int], list[Instance]] = defaultdict(list)
    inner: dict[tuple[str, int], set[tuple[str, int]]] = defaultdict(set)

    def key(instance: Instance) -> tuple[str, int]:
        is_apart = instance.class_name in apart
        return instance.class_name, _height(instance) if is_apart else 0

    for instance in _instances(body):
        members[key(instance)].append(instance)
        inner[key(instance)] |= {key(other) for other in _instances(instance.body)}
        inner[key(instance)] -= {key(instance)}
    return [members[found] for found in TopologicalSorter(inner).static_order()]


def _recursive_classes(body: Body) -> set[str]:
    within: dict[str, set[str]] = defaultdict(set)
    for instance in _instances(body):
        within[instance.class_name] |= {i.class_name for i in _instances(instance.body)}
    return {name for name, inner in within.items() if name in inner}


def _instances(body: Body) -> Iterator[Instance]:
    return (step for step in walk(body) if isinstance(step, Instance))


def _held(instance: Instance) -> list[Instance]:
    """The modules of the same class within a module, without those within these."""
    every = [
        i for i in _instances(instance.body) if i.class_name == instance.class_name
    ]
    deeper = {id(inner) for each in every for inner in _instances(each.body)}
    return [each for each in every if id(each) not in deeper]


def _height(instance: Instance) -> int:
    return 1 + max(map(_height, _instances(instance.body)), default=0)


@dataclass
class _Folder:
    read: Container[str]  # labels
    signatures: Signatures = field(default_factory=Signatures)
    blocks: list[Block] = field(default_factory=list)
    calls: dict[int, Call] = field(default_factory=dict)  # by the `id` of an instance
    with_repeats: dict[tuple[str, str, bool], Body] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.repeats = RepeatFolder(self.signatures)

    def resolved(self, body: Body) -> Body:
        """A body with calls in the places of instances."""
        return [self._resolved(step) for step in body]

    def _resolved(self, step: Step) -> Step:
        if id(step) in self.calls:
            return self.calls[id(step)]
        if isinstance(step, Instance):  # unlike the others of its class
            assert step.label
            return Group(step.label, self.resolved(step.body))
        return map_bodies(step, self.resolved)

    def folded(self, bodies: list[Body], *, pairs: bool) -> list[Body]:
        """Bodies that become one text, with repeats and without needless labels."""
        resolved = [self.resolved(body) for body in bodies]
        named = without_default_labels(resolved, self.read)
        return [self._with_repeats(body, pairs=pairs) for body in named]

    def _with_repeats(self, body: Body, *, pairs: bool) -> Body:
        """The body with repeats; those of modules are asked for again and again."""
        calls = (step for step in walk(body) if isinstance(step, Call))
        key = body_text(body), str([call.inputs for call in calls]), pairs
        if key not in self.with_repeats:
            self.with_repeats[key] = self.repeats.fold(body, pairs=pairs)
        return self.with_repeats[key]

    def define(self, instances: list[Instance]) -> None:
        """Add the blocks for the instances of a class."""
        if self._use_library(instances):
            return
        variants = [
            [*self._built_blocks(instances, pairs=pairs)] for pairs in (False, True)
        ]
        chosen = min(variants, key=_lines)
        if all(i.label for i in instances) and _are_alone(chosen, len(instances)):
            return  # they become groups
        for built, members in chosen:
            self._add(built, members)

    def define_recursive(self, instances: list[Instance]) -> None:
        """Add the block of a class whose modules hold each other.

        Raises:
            MismatchError: if there is none such.
        """
        name = free_name(snake_case(instances[0].class_name), self.signatures.blocks)
        for instance in instances:
            self._define_call(instance, Call(name))
        nesting = Nesting.of(instances, [*map(_held, instances)])
        depths = nesting.depths(len(instances))
        built = self._built(name, instances, pairs=False, depths=depths)
        cin = _channels([instance.inputs[0] for instance in instances])
        self._add(with_own_arguments(built, nesting, cin), instances)

    def _add(self, built: BuiltBlock, instances: list[Instance]) -> None:
        self.signatures.add(built.block, built.kinds)
        self.blocks.append(built.block)
        for instance, call in zip(instances, built.calls, strict=True):
            self._define_call(instance, call)

    def _define_call(self, instance: Instance, call: Call) -> None:
        self.calls[id(instance)] = replace(
            call,
            label=instance.label,
            inputs=instance.inputs,
            output=instance.output,
        )

    def _use_library(self, instances: list[Instance]) -> bool:
        """Call a block of the library if all modules are that block.

        A short one that needs an argument in each call is clearer as a block of the spec.
        """
        matches = self._library_matches(instances)
        if matches is None:
            return False
        block, calls = matches[0].block, calls_of(matches)
        constant = [
            name
            for name, value in calls[0].keywords.items()
            if all(call.keywords.get(name) == value for call in calls)
        ]
        if constant and count_lines(self._unlabeled(instances)[0]) < LONG:
            return False
        kinds = dict.fromkeys(block.keywords, Kind.OTHER) | matches[0].kinds
        self.signatures.add(block, kinds)
        for instance, call in zip(instances, calls, strict=True):
            self._define_call(instance, call)
        return True

    def _library_matches(self, instances: list[Instance]) -> list[Match] | None:
        """The block of the library that all modules are, unless its name is taken."""
        channels = [channels_of(instance.inputs[0]) for instance in instances]
        matches = library_matches(self._unlabeled(instances), channels)
        taken = {block.name for block in self.blocks}
        return matches if matches and matches[0].block.name not in taken else None

    def _unlabeled(self, instances: list[Instance]) -> list[Body]:
        bodies = [self.resolved(instance.body) for instance in instances]
        return without_default_labels(bodies, self.read)

    def _library_name(self, instances: list[Instance]) -> str:
        """The name of the block of the library that all modules are, but for arguments."""
        matches = self._library_matches(instances)
        return matches[0].block.name if matches else ""

    def _built_blocks(
        self, instances: list[Instance], *, pairs: bool
    ) -> Iterator[tuple[BuiltBlock, list[Instance]]]:
        """The blocks of a class, each with its instances."""
        names = {*self.signatures.blocks}
        wanted = self._library_name(instances) or snake_case(instances[0].class_name)
        rest = instances
        while rest:
            name = free_name(wanted, names)
            names.add(name)
            built, members = self._largest(name, rest, pairs=pairs)
            yield built, members
            found = {id(instance) for instance in members}
            rest = [instance for instance in rest if id(instance) not in found]

    def _largest(
        self, name: str, instances: list[Instance], *, pairs: bool
    ) -> tuple[BuiltBlock, list[Instance]]:
        """A block for all instances, or for the first and those that are like it."""
        with suppress(MismatchError):
            return self._built(name, instances, pairs=pairs), instances
        members = instances[:1]
        for instance in instances[1:]:
            with suppress(MismatchError):
                self._built(name, [*members, instance], pairs=pairs)
                members = [*members, instance]
        return self._built(name, members, pairs=pairs), members

    def _built(
        self,
        name: str,
        instances: list[Instance],
        *,
        pairs: bool,
        depths: Vector | None = None,
    ) -> BuiltBlock:
        bodies = self.folded([instance.body for instance in instances], pairs=pairs)
        cin = _channels([instance.inputs[0] for instance in instances])
        output = _channels([instance.output for instance in instances])
        arguments: dict[str, Vector] = defaultdict(dict)
        for lane, instance in enumerate(instances):
            for key, value in instance.arguments.items():
                arguments[key][lane] = value
        if depths is None:
            return build_block(name, bodies, cin, output, arguments, self.signatures)
        arguments.setdefault(DEPTH, depths)
        return build_block(
            name, bodies, cin, output, arguments, self.signatures, least=0
        )


def _are_alone(blocks: list[tuple[BuiltBlock, list[Instance]]], modules: int) -> bool:
    """Whether each module has a block of its own, though several, or that of one line."""
    is_one_line = _lines(blocks) == SHORTEST
    return len(blocks) == modules and (modules > 1 or is_one_line)


def _lines(blocks: list[tuple[BuiltBlock, list[Instance]]]) -> int:
    return sum(2 + count_lines(built.block.body) for built, _ in blocks)


def _channels(shapes: Sequence[tuple[int, ...]]) -> dict[int, Value]:
    return {lane: channels_of(shape) for lane, shape in enumerate(shapes)}
