"""What a labeled group and the bodies around it read of each other, besides its input.

    - stem: conv(8, k=3)                  ->   x, low = self.enc(x, stem)
    - enc:                                     ...
        - low: conv(8, k=1)
        - add: [relu, ref(stem)]
    - concat: [identity, ref(enc.low)]         torch.cat([x, low], dim=1)

The outputs of such steps are arguments of the group's `forward`, and further values that
it returns.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import NamedTuple

from archspec.backends.python.aligned_bodies import Body, Source, level, sources
from archspec.ir.graph import (
    Layer,
    Module,
    reads_input,
)


class GroupPorts(NamedTuple):
    """What a group's `forward` takes and returns."""

    takes_input: bool  # what comes in; a join of chains with `ref` may not read it
    reads: tuple[Source, ...]
    exports: tuple[str, ...]  # labels in it, in the order in which they are made

    @property
    def is_plain(self) -> bool:
        """Whether it reads its input alone, and returns its output alone."""
        return not self.reads and not self.exports


ONLY_INPUT = GroupPorts(takes_input=True, reads=(), exports=())


def group_ports(column: Sequence[Module], wanted: Collection[str]) -> GroupPorts:
    """The ports of a group, of whose surroundings some labels are read."""
    bodies = [module.body for module in column]
    read = (source for body in bodies for source in sources(body))
    reads = tuple(dict.fromkeys(source for source in read if source.levels))
    start = f"{column[0].name.value}."
    exported = {p.removeprefix(start) for p in wanted if p.startswith(start)}
    exports = tuple(path for path in labels_in(bodies[0]) if path in exported)
    takes_input = not reads or any(map(reads_input, bodies))
    return GroupPorts(takes_input, reads, exports)


def labels_in(body: Body) -> Iterator[str]:
    """The labels of a body and of the groups in it, in the order of their outputs."""
    for item in level(body):
        if isinstance(item, Layer | Module):
            if isinstance(item, Module) and not item.block:
                yield from (f"{item.name.value}.{p}" for p in labels_in(item.body))
            yield str(item.name.value)


def has_layers(group: Module) -> bool:
    """Whether a group has layers, so that it is a module."""
    return any(
        isinstance(item, Module)
        or (isinstance(item, Layer) and (item.is_labeled or item.node.op != "identity"))
        for item in level(group.body)
    )
