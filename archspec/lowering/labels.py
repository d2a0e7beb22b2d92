"""The labels of a body, and of the labeled groups in it and around it.

A `ref` finds a label in the innermost body first, then outwards up to the block's own:

    - stem: conv(8, k=3)
    - enc:
        - low: conv(8, k=1)
        - add: [relu, ref(stem)]     `stem` of the body around `enc`
    - concat: [identity, ref(enc.low)]
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from archspec.ir import graph as ir


class Found(NamedTuple):
    """What a path of labels leads to: the last label, and the labels it is one of."""

    labels: Labels
    name: str


@dataclass(eq=False, slots=True)
class Labels:
    """The labels of one body so far, each with the output of its step."""

    name: str = ""  # of the labeled group whose body it is
    around: Labels | None = None  # those of the body around the group
    outputs: dict[str, ir.Value] = field(default_factory=dict)
    groups: dict[str, Labels] = field(default_factory=dict)  # of the labeled groups
    aliases: dict[str, Found] = field(default_factory=dict)  # `a: ref(b)`

    def group(self, name: str) -> Labels:
        """The labels of a labeled group of this body, which has none yet."""
        self.groups[name] = Labels(name, self)
        return self.groups[name]

    def copy(self) -> Labels:
        """These labels as they are now."""
        return replace(
            self,
            outputs=dict(self.outputs),
            groups=dict(self.groups),
            aliases=dict(self.aliases),
        )

    @property
    def outwards(self) -> Iterator[Labels]:
        """These labels, then those of each body around."""
        labels: Labels | None = self
        while labels is not None:
            yield labels
            labels = labels.around

    def known(self) -> list[str]:
        """The labels that a `ref` may name, the innermost first, without paths."""
        return [*dict.fromkeys(name for each in self.outwards for name in each.outputs)]

    def all_outputs(self) -> Iterator[tuple[str, ir.Value]]:
        """The output of each label, those of groups included, by their paths."""
        yield from self.outputs.items()
        for name, group in self.groups.items():
            for path, output in group.all_outputs():
                yield f"{name}.{path}", output

    def find(self, path: str) -> Found | None:
        """What a path leads to, from the first body outwards that has its first label."""
        first, *rest = path.split(".")
        for labels in self.outwards:
            if first in labels.outputs or first in labels.groups:
                return labels.follow([first, *rest])
        return None

    def follow(self, path: list[str]) -> Found | None:
        """What a path leads to that starts in this body."""
        *groups, name = path
        labels = self
        for group in groups:
            if group not in labels.groups:
                return None
            labels = labels.groups[group]
        if name not in labels.outputs:
            return None
        return labels.aliases.get(name, Found(labels, name))

    def add_alias(self, name: str, reference: ir.Reference) -> None:
        """Give another name to what a step of this body refers to."""
        labels = [*self.outwards][reference.levels]
        found = labels.find(reference.label)
        if found is not None:
            self.aliases[name] = found

    def reference_to(self, found: Found) -> ir.Reference:
        """How a step of this body refers to a label."""
        inside = [*found.labels.outwards]
        levels, common = next(
            (n, each) for n, each in enumerate(self.outwards) if each in inside
        )
        groups = [each.name for each in inside[: inside.index(common)]]
        path = ".".join([*reversed(groups), found.name])
        return ir.Reference(path, found.labels.outputs[found.name], levels)
