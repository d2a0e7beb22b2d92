"""The bodies of all instances of a class, aligned item by item.

All calls of a block share one class. So a class describes a layer once, for that layer
in every instance: a column of items, one from each body.

    residual(3), residual(6, s=2)   ->   (conv, conv), (bn, bn), (relu, relu), ...
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from archspec.ir.graph import (
    Choice,
    Collect,
    Head,
    Item,
    Joined,
    Layer,
    Let,
    Merge,
    Module,
    Node,
    Reference,
    Repeat,
    Tied,
    Value,
)
from archspec.ops.registry import OPS

Body = tuple[Item, ...]
Bodies = Sequence[Body]  # the same body in several instances


class Source(NamedTuple):
    """A label that a body reads: how many groups outwards, and the path from there."""

    levels: int
    label: str
    is_parameter: bool = False  # `tied` of an op that is one bare parameter

    @classmethod
    def of(cls, item: Reference | Tied) -> Source:
        """What a `ref`, an op or `tied` names."""
        return cls(
            item.levels, item.label, isinstance(item, Tied) and is_bare(item.item)
        )

    @property
    def outside(self) -> Source:
        """The same label as the body around this one names it."""
        return self._replace(levels=self.levels - 1)

    @property
    def inside(self) -> Source:
        """The same label as the body of a group in this one names it."""
        return self._replace(levels=self.levels + 1)

    def seen_from(self, place: Source) -> Source:
        """What a step reads that is at a place, as the body names it that runs it again."""
        groups = place.label.split(".")[:-1]
        if self.levels <= len(groups):
            path = [*groups[: len(groups) - self.levels], self.label]
            return self._replace(levels=place.levels, label=".".join(path))
        return self._replace(levels=place.levels + self.levels - len(groups))


def is_bare(item: Layer | Module) -> bool:
    """Whether a layer is one bare parameter, which `forward` reads by its path."""
    return isinstance(item, Layer) and bool(OPS[item.node.op].bare)


class InstancesDifferError(Exception):
    """No one class can represent these instances, or not in this way."""


def columns(bodies: Bodies) -> Iterator[list[Any]]:
    """The items at each position in all bodies.

    Raises:
        InstancesDifferError: if the bodies differ in kind, labels or number of items.
    """
    if len({len(body) for body in bodies}) > 1:
        raise InstancesDifferError
    for column in zip(*bodies, strict=True):
        if len({(_kind(item), _identity(item)) for item in column}) > 1:
            raise InstancesDifferError
        yield list(column)


def _kind(item: Item) -> object:
    """What an item is; an argument of the block may be an op here and a block there."""
    is_argument = isinstance(item, Layer | Module) and item.called is not None
    return "argument" if is_argument else type(item)


def _identity(item: Item) -> Any:
    """What must agree between instances: labels, branches, references, names."""
    match item:
        case Layer(reads=Reference() as reads):
            name = is_numbered(item) or ast.dump(item.name.code)
            return Source.of(reads), name
        case Layer(node=Node(op="identity"), is_labeled=False, called=None):
            return ""  # no module, whose name would matter
        case Layer() | Module():
            return "" if is_numbered(item) else ast.dump(item.name.code)
        case Merge():
            return (item.node.op, item.split, len(item.branches), channel_axis(item))
        case Collect():
            return channel_axis(item)
        case Reference():
            return Source.of(item)
        case Head(reads=Reference() as reads):
            return Source.of(reads)
        case Tied():
            return Source.of(item), item.name
        case Let():
            return tuple(item.values)
    return None


def channel_axis(item: Joined) -> int:
    """The axis along which `torch.cat` joins, the batch included."""
    assert item.node.output.shape is not None
    return item.node.output.shape.channel_axis + 1


def level(body: Body) -> Iterator[Item]:
    """The items of one class: not those inside its submodules."""
    for item in body:
        yield item
        match item:
            case Merge():
                for branch in item.branches:
                    yield from level(branch)
            case Choice():
                yield from level(item.body)
            case Collect():
                yield from level((item.repeat,))
            case Head():
                yield item.item
            case Repeat():
                for iteration in item.iterations:
                    yield from level(iteration)


def own_items(body: Body) -> Iterator[Item]:
    """The items of a block: of one class, and of its labeled groups."""
    for item in level(body):
        yield item
        if isinstance(item, Module) and not item.block:
            yield from own_items(item.body)


def submodules(body: Body) -> list[Layer | Module]:
    """The items of one class that are modules."""
    return [item for item in level(body) if isinstance(item, Layer | Module)]


def is_numbered(item: Layer | Module) -> bool:
    """Whether the state dict names a submodule by its position in a chain."""
    return not item.is_labeled and item.name.value.isdigit()


def is_chain(bodies: Bodies) -> bool:
    """Whether every item reads the output of the one before."""
    return not any(_forks(item) for body in bodies for item in level(body))


def is_sequence(bodies: Bodies) -> bool:
    """Whether a chain has no labels, or consists of loops, whose steps alone have them."""
    return all(
        all(isinstance(item, Repeat | Let) for item in body)
        or all(map(is_numbered, submodules(body)))
        for body in bodies
    )


def _forks(item: Item) -> bool:
    if isinstance(item, Layer):
        return OPS[item.node.op].needs_forward
    if isinstance(item, Module) and not item.block:
        return any(each.levels for each in sources(item.body)) or any(tied_by(item))
    return isinstance(item, Merge | Collect | Head | Reference | Tied)


def sources(body: Body) -> Iterator[Source]:
    """The labels that a body reads, those of the groups in it included."""
    return (source for source, _ in values_read(body))


def values_read(body: Body) -> Iterator[tuple[Source, Value]]:
    """The same labels, each with the value that has it."""
    for item in level(body):
        match item:
            case Reference():
                yield Source.of(item), item.value
            case Head(reads=Reference() as reads):
                yield Source.of(reads), reads.value
            case Layer() | Module():
                yield from values_read_by(item)
            case Tied():
                place = Source.of(item)
                for source, value in values_read_by(item.item):
                    yield source.seen_from(place), value


def values_read_by(item: Layer | Module) -> Iterator[tuple[Source, Value]]:
    """The labels that an op or a group reads, as the body around it names them."""
    match item:
        case Layer(reads=Reference() as reads):
            yield Source.of(reads), reads.value
        case Module(block=""):
            for source, value in values_read(item.body):
                if source.levels:
                    yield source.outside, value


def tied_places(body: Body) -> Iterator[Source]:
    """Where the steps are whose layers a body runs again, its groups included."""
    for item in level(body):
        match item:
            case Module():
                yield from tied_by(item)
            case Tied():
                place = Source.of(item)
                yield place
                yield from (each.seen_from(place) for each in tied_by(item.item))


def tied_by(item: Layer | Module) -> Iterator[Source]:
    """The steps whose layers a group runs again, as the body around it names them."""
    if isinstance(item, Module) and not item.block:
        yield from (each.outside for each in tied_places(item.body) if each.levels)


def values_by_name(bodies: Bodies) -> dict[str, list[Any]]:
    """The values that each `let` and loop variable of a block takes."""
    found: dict[str, list[Any]] = {}
    for item in (item for body in bodies for item in own_items(body)):
        match item:
            case Let():
                for name, value in item.values.items():
                    found.setdefault(name, []).append(value.value)
            case Repeat():
                found.setdefault(item.channels, []).append(1)
                for variables in item.variables:
                    for name, value in variables.items():
                        found.setdefault(name, []).append(value)
    return found
