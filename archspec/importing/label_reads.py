"""The labels of a network that other steps read."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from archspec.importing.inner_bodies import walk
from archspec.importing.steps import Call, Network, Ref, Step, Tied
from archspec.ops.registry import OPS
from archspec.signatures.argument_types import LABEL

COMPUTED = re.compile(r"\{[^}]*\}")


def all_steps(network: Network) -> Iterator[Step]:
    """Every step, in the order written: those of the blocks, then those of `net`."""
    for block in network.blocks:
        yield from walk(block.body)
    yield from walk(network.body)


@dataclass(frozen=True)
class ReadLabels:
    """Labels that are read; `down{3 - i}` reads each `down` with a number.

    A number alone, as `{3 - i}` of `down.{3 - i}`, is kept as that of a sequence.
    """

    written: frozenset[str]

    def __contains__(self, label: object) -> bool:
        """Whether a step reads this label."""
        return label in self.written or any(
            pattern.fullmatch(str(label)) for pattern in self._computed
        )

    @cached_property
    def _computed(self) -> list[re.Pattern[str]]:
        return [
            re.compile(COMPUTED.sub(r"\\d+", each))
            for each in self.written
            if "{" in each and COMPUTED.sub("", each)
        ]


def labels_read(network: Network) -> ReadLabels:
    """Every part of a path that another step or the list of outputs reads."""
    paths = [*network.outputs]
    for step in all_steps(network):
        if isinstance(step, Ref | Tied):
            paths.append(step.path)
        elif isinstance(step, Call) and step.name in OPS:
            given = zip(OPS[step.name].parameters, step.positional, strict=False)
            paths += [str(value) for p, value in given if p.type is LABEL]
    parts = (part for path in paths for part in (path, *path.split(".")))
    return ReadLabels(frozenset(parts))
