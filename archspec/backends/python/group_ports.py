"""The values that a labeled group and the bodies around it read from each other.

    - stem: conv(8, k=3)                  ->   x, low = self.enc(x, stem)
    - enc:                                     ...
        - low: conv(8, k=1)
        - add: [relu, ref(stem)]
    - concat: [identity, ref(enc.low)]         torch.cat([x, low], dim=1)

The outputs of such steps are arguments of the group's `forward`, and further values that
it returns.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from archspec.backends.python.aligned_bodies import (
    Body,
    Source,
    level,
    tied_by,
    values_read_by,
)
from archspec.ir.graph import (
    Layer,
    Module,
    Tied,
    Value,
    reads_input,
)


class Ports(NamedTuple):
    """What the `forward` of a layer or group takes and returns.

    The labels that it takes are those that the body around it would name.
    """

    takes_input: bool = True  # a join whose chains all begin with `ref` does not
    reads: tuple[Source, ...] = ()
    tied: tuple[Source, ...] = ()  # the steps around whose layers it runs again
    exports: tuple[str, ...] = ()  # labels in it, in the order in which they are made

    @property
    def is_plain(self) -> bool:
        """Whether it takes its input alone, and returns its output alone."""
        return not self.reads and not self.tied and not self.exports


ONLY_INPUT = Ports()


def ports_of(column: Sequence[Layer | Module]) -> Ports:
    """The ports of a layer or group in all instances of a class."""
    read = (each for item in column for each, _ in values_read_by(item))
    reads = tuple(dict.fromkeys(read))
    groups = [item for item in column if isinstance(item, Module) and not item.block]
    if not groups:
        return Ports(reads=reads)
    tied = tuple(dict.fromkeys(each for group in groups for each in tied_by(group)))
    exported = set.union(*(group.exports for group in groups))
    exports = tuple(path for path, _ in labeled(groups[0].body) if path in exported)
    takes_input = not reads or any(reads_input(group.body) for group in groups)
    return Ports(takes_input, reads, tied, exports)


def labeled(body: Body) -> Iterator[tuple[str, Value]]:
    """The labels of a body and of the groups in it, in the order of their outputs."""
    for item in level(body):
        match item:
            case Module(block=""):
                inner = labeled(item.body)
                yield from ((f"{item.name.value}.{path}", out) for path, out in inner)
                yield str(item.name.value), item.output
            case Layer():
                yield str(item.name.value), item.node.output
            case Module():
                yield str(item.name.value), item.output
            case Tied():
                yield item.name, item.output


def has_layers(group: Module) -> bool:
    """Whether a group has layers, so that it is a module."""
    return any(
        isinstance(item, Module)
        or (isinstance(item, Layer) and (item.is_labeled or item.node.op != "identity"))
        for item in level(group.body)
    )
