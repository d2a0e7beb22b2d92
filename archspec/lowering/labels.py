"""The labels of a body, and of the labeled groups in it and around it.

A `ref` finds a label in the innermost body first, then outwards up to the block's own:

    - stem: conv(8, k=3)
    - enc:
        - low: conv(8, k=1)
        - add: [relu, ref(stem)]     `stem` of the body around `enc`
    - concat: [identity, ref(enc.low)]
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace
from itertools import islice, takewhile
from typing import NamedTuple

from archspec.diagnostics.source import Span
from archspec.frontend.ast import Aux, Labeled, Step
from archspec.frontend.step_traversal import children
from archspec.ir import graph as ir
from archspec.ir.symbolic import code_of, variables
from archspec.lowering.symbolic_channels import channels_forgotten


class Found(NamedTuple):
    """What a path of labels leads to: the last label, and the labels it is one of."""

    labels: Labels
    name: str


class LabeledLayers(NamedTuple):
    """The layers of a labeled step, as the graph has them and as they are written."""

    found: Found
    item: ir.Layer | ir.Module
    step: Step


@dataclass(eq=False, slots=True)
class Labels:
    """The labels of one body so far, each with the output of its step."""

    body: Step | None = None
    path: tuple[str, ...] = ()  # of the labeled group whose body it is
    around: Labels | None = None  # those of the body around the group
    outputs: dict[str, ir.Value] = field(default_factory=dict)
    groups: dict[str, Labels] = field(default_factory=dict)  # of the labeled groups
    aliases: dict[str, Found] = field(default_factory=dict)  # `a: ref(b)`
    layers: dict[str, LabeledLayers] = field(default_factory=dict)  # for `tied`
    exports: set[str] = field(default_factory=set)  # labels of a group, read outside it
    is_complete: bool = True  # false behind a step whose labels are unknown

    def group(self, name: str, body: Step) -> Labels:
        """The labels of a labeled group of this body, which has none yet."""
        self.groups[name] = Labels(body, (*self.path, name), self)
        return self.groups[name]

    def copy(self) -> Labels:
        """These labels as they are now."""
        return replace(
            self,
            outputs=dict(self.outputs),
            groups=dict(self.groups),
            aliases=dict(self.aliases),
            layers=dict(self.layers),
        )

    @property
    def outwards(self) -> Iterator[Labels]:
        """These labels, then those of each body around."""
        labels: Labels | None = self
        while labels is not None:
            yield labels
            labels = labels.around

    def may_have(self, path: str) -> bool:
        """Whether a body on a path has steps that may make unknown labels."""
        labels: Labels | None = self
        for name in path.split("."):
            if labels is None or not labels.is_complete:
                return labels is not None
            labels = labels.groups.get(name)
        return False

    def known(self) -> list[str]:
        """The labels that a `ref` may name, the innermost first, without paths."""
        return [*dict.fromkeys(name for each in self.outwards for name in each.outputs)]

    def known_layers(self) -> list[str]:
        """The labels that `tied` may name, in the same order."""
        return [*dict.fromkeys(name for each in self.outwards for name in each.layers)]

    def later(self, name: str, span: Span) -> Span | None:
        """The place of a label in these bodies that stands behind a `ref`."""
        bodies = [each.body for each in self.outwards if each.body]
        spans = (label for body in bodies for label in _labels_in(body))
        return next((s for s in spans if s.text == name and s.start > span.end), None)

    def all_outputs(self) -> Iterator[tuple[str, ir.Value]]:
        """The output of each label, those of groups included, by their paths."""
        yield from self.outputs.items()
        for name, group in self.groups.items():
            for path, output in group.all_outputs():
                yield f"{name}.{path}", output

    @property
    def size(self) -> tuple[int, int]:
        """How many labels and groups there are so far."""
        return len(self.outputs), len(self.groups)

    def forget_channels(
        self, names: AbstractSet[str], since: tuple[int, int] = (0, 0)
    ) -> None:
        """Of later labels, keep only the number of channels if these names make it.

        They are the variables of an iteration, which change with the next one.
        """
        labels, groups = since
        for label in islice(reversed(self.outputs), len(self.outputs) - labels):
            output = self.outputs[label]
            shape = output.shape
            if shape and variables(code_of(shape.channels)) & names:
                found = channels_forgotten(shape, code_of(shape.channels))
                self.outputs[label] = replace(output, shape=found)
        for group in islice(reversed(self.groups), len(self.groups) - groups):
            self.groups[group].forget_channels(names)

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

    def add_layers(self, name: str, step: Step, items: Sequence[ir.Item]) -> None:
        """Keep the layers that a labeled step has just added to the graph."""
        item = items[-1] if items else None
        if isinstance(item, ir.Layer | ir.Module):
            self.layers[name] = LabeledLayers(Found(self, name), item, step)

    def reference_to(self, found: Found) -> ir.Reference:
        """How a step of this body refers to a label."""
        levels, path = self.place_of(found)
        inside = path
        for labels in reversed([*found.labels.outwards][: path.count(".")]):
            inside = inside.partition(".")[2]
            labels.exports.add(inside)
        return ir.Reference(path, found.labels.outputs[found.name], levels)

    def place_of(self, found: Found) -> tuple[int, str]:
        """How many groups outwards the body is whose path leads to a label, and the path."""
        pairs = zip(self.path, found.labels.path, strict=False)
        common = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs))
        path = ".".join([*found.labels.path[common:], found.name])
        return len(self.path) - common, path


def _labels_in(step: Step) -> Iterator[Span]:
    """The places of the labels of a body, without those of the groups in it."""
    if isinstance(step, Labeled):
        yield step.label.span
    elif not isinstance(step, Aux):
        for child in children(step):
            yield from _labels_in(child)
