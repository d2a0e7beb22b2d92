"""The labels of a network that other steps read."""

from __future__ import annotations

from collections.abc import Iterator

from archspec.importing.inner_bodies import walk
from archspec.importing.steps import Call, Network, Ref, Step, Tied
from archspec.ops.registry import OPS
from archspec.signatures.argument_types import LABEL


def all_steps(network: Network) -> Iterator[Step]:
    """Every step, in the order written: those of the blocks, then those of `net`."""
    for block in network.blocks:
        yield from walk(block.body)
    yield from walk(network.body)


def labels_read(network: Network) -> frozenset[str]:
    """Every part of a path that another step or the list of outputs reads."""
    paths = [*network.outputs]
    for step in all_steps(network):
        if isinstance(step, Ref | Tied):
            paths.append(step.path)
        elif isinstance(step, Call) and step.name in OPS:
            given = zip(OPS[step.name].parameters, step.positional, strict=False)
            paths += [str(value) for p, value in given if p.type is LABEL]
    return frozenset(part for path in paths for part in (path, *path.split(".")))
