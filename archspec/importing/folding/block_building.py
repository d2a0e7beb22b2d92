"""Build one block from all modules of a class."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain

from archspec.importing.folding.argument_fields import POSITIONAL, Kind, Signatures
from archspec.importing.folding.condition_search import condition
from archspec.importing.folding.rebuilt_steps import rebuilt
from archspec.importing.folding.templates import (
    ALIKE,
    CHANNELS,
    OP,
    Branch,
    Lanes,
    Part,
    merged,
)
from archspec.importing.folding.value_search import Parameter, ValueSearch
from archspec.importing.folding.vectors import Vector, most_common
from archspec.importing.inner_bodies import Body, columns_in
from archspec.importing.steps import (
    Block,
    Call,
    Expression,
    If,
    Step,
    Value,
)
from archspec.importing.writing.write_network import body_text

Slots = dict[tuple[int, str], Value]  # by the `id` of a part


@dataclass(frozen=True)
class BuiltBlock:
    """A block, the kinds of its parameters, and a call of it for each body."""

    block: Block
    kinds: dict[str, Kind]
    calls: tuple[Call, ...]


def build_block(
    name: str,
    bodies: Sequence[Body],
    cin: Vector,
    output: Vector,
    arguments: Mapping[str, Vector],
    signatures: Signatures,
    least: float = ALIKE,
) -> BuiltBlock:
    """Build a block of which each body is a call.

    Args:
        name: of the block.
        bodies: those of the modules, whose inner modules are calls already.
        cin: the input channels, by the index of the body.
        output: the output channels, likewise.
        arguments: those of the constructor, by name and then by the index.
        signatures: of the blocks that the bodies call.
        least: the part of two bodies that must match.

    Raises:
        MismatchError: if the bodies have too little in common.
    """
    lanes = frozenset(range(len(bodies)))
    taken = frozenset((*signatures.blocks, name, *chain(*map(columns_in, bodies))))
    search = ValueSearch(lanes, cin, output, arguments, taken)
    body: Body | None = None
    while body is None:  # again where a condition needs one more parameter
        body = _Builder(lanes, search, signatures).body(merged(bodies, least=least))
        search.derived = {}
    used = _used(body)
    parameters = [p for p in search.parameters.values() if p.name in used]
    block = _block(name, parameters, body)
    calls = tuple(_call(block, parameters, lane) for lane in sorted(lanes))
    return BuiltBlock(block, {p.name: p.kind for p in parameters}, calls)


def _block(name: str, parameters: list[Parameter], body: Body) -> Block:
    positional = tuple(p.name for p in parameters if p.kind in POSITIONAL)
    keywords: dict[str, Value] = {
        p.name: most_common(p.values) for p in parameters if p.kind not in POSITIONAL
    }
    return Block(name, positional, keywords, body)


def _call(block: Block, parameters: list[Parameter], lane: int) -> Call:
    values = {p.name: p.values[lane] for p in parameters}
    return Call(
        block.name,
        tuple(values[name] for name in block.positional),
        {
            name: values[name]
            for name, default in block.keywords.items()
            if values[name] != default
            or isinstance(values[name], bool) != isinstance(default, bool)
        },
    )


def _used(body: Body) -> frozenset[str]:
    """The names in the expressions of a body."""
    return frozenset(re.findall(r"[A-Za-z_]\w*", body_text(body)))


@dataclass
class _Builder:
    lanes: Lanes
    search: ValueSearch
    signatures: Signatures
    slots: Slots = field(default_factory=dict)
    is_complete: bool = True  # no parameter came after values were written

    def body(self, parts: list[Part]) -> Body | None:
        """The steps of a template; None if a condition made a parameter."""
        _keep_last_activation(parts, self.lanes)
        every = [*_walk(parts)]
        for part in every:
            if part.lanes == self.lanes:
                self._write_slots(part)
        for part in every:
            if part.lanes != self.lanes:
                self._write_slots(part)
        before = {*self.search.parameters}
        steps = self._steps(parts, self.lanes)
        new = {*self.search.parameters} - before
        if any(self.search.parameters[name].kind == Kind.RATIO for name in new):
            return None
        return steps

    def _write_slots(self, part: Part) -> None:
        channels = part.slots.get(CHANNELS, {})
        if channels.keys() != part.lanes or None in channels.values():
            channels = {}
        is_optional = part.lanes != self.lanes
        for slot in self.signatures.slots(part):
            of = self.signatures.field(part, slot)
            values = self.signatures.filled(part, slot)
            written = self.search.write(of, values, channels, optional=is_optional)
            self.slots[id(part), slot] = written

    def _steps(
        self, parts: list[Part], within: Lanes, *, in_join: bool = False
    ) -> Body:
        """The steps, with an `if` around what only some lanes have."""
        steps: Body = []
        runs = [*_runs(parts, within)]
        shortcut = in_join and len(runs) == 1
        while runs:
            lanes, run = runs.pop(0)
            inside = [self._step(part) for part in run]
            if lanes >= within:
                steps += inside
                continue
            test = Expression(self._condition(lanes, within, run, shortcut=shortcut))
            otherwise = None
            if runs and runs[0][0] == within - lanes:
                otherwise = [self._step(part) for part in runs.pop(0)[1]]
            steps.append(If(test, inside, otherwise))
        return steps

    def _condition(
        self, inside: Lanes, within: Lanes, run: list[Part], *, shortcut: bool = False
    ) -> str:
        found = condition(inside & within, within, self.search, shortcut=shortcut)
        if found is not None:
            return found
        if self._accept_ratio(inside, run):
            return ""
        flags: Vector = {lane: lane in inside for lane in self.lanes}
        return self.search.accept(_flag_name(run), Kind.FLAG, flags)

    def _accept_ratio(self, inside: Lanes, run: list[Part]) -> bool:
        """Add the ratio by which an optional step multiplies the channels: else it is 1."""
        for part in run:
            value = self.slots.get((id(part), "0"))
            match = isinstance(value, Expression) and re.fullmatch(
                r"(\d+) \* cin", value.text
            )
            if match:
                ratio: Vector = {
                    x: int(match[1]) if x in inside else 1 for x in self.lanes
                }
                self.search.accept("t", Kind.RATIO, ratio)
                return True
        return False

    def _step(self, part: Part) -> Step:
        bodies = [self._branch(part, branch) for branch in part.branches]
        slots = self.signatures.slots(part)
        values = {slot: self.slots[id(part), slot] for slot in slots}
        return rebuilt(part, values, bodies, self.signatures)

    def _branch(self, part: Part, branch: Branch) -> Body:
        """A body within a step; in a join `none` or the identity where it is missing."""
        steps = self._steps(branch.parts, branch.lanes, in_join=True)
        if branch.lanes != part.lanes:
            test = self._condition(branch.lanes, part.lanes, branch.parts)
            return [If(Expression(test), steps, None)]
        match steps:
            case [If(otherwise=None) as only]:
                return [replace(only, otherwise=[])]
        return steps


def _flag_name(run: list[Part]) -> str:
    """A name for the parameter that says whether a part is there."""
    for part in run:
        if part.label and part.label.isidentifier():
            return part.label
    calls = [part.example for part in run if isinstance(part.example, Call)]
    return f"has_{calls[0].name}" if calls else "has_branch"


def _runs(parts: list[Part], within: Lanes) -> Iterator[tuple[Lanes, list[Part]]]:
    """Neighbors that are in the same lanes."""
    run: list[Part] = []
    for part in parts:
        if run and part.lanes & within != run[0].lanes & within:
            yield run[0].lanes & within, run
            run = []
        run.append(part)
    if run:
        yield run[0].lanes & within, run


def _walk(parts: list[Part]) -> Iterator[Part]:
    for part in parts:
        yield part
        for branch in part.branches:
            yield from _walk(branch.parts)


def _keep_last_activation(parts: list[Part], lanes: Lanes) -> None:
    """An activation at the end that some lacks is the identity there: `act=identity`."""
    if parts and OP in parts[-1].slots and parts[-1].lanes != lanes and len(parts) > 1:
        last = parts[-1]
        values = {lane: last.slots[OP].get(lane, "identity") for lane in lanes}
        parts[-1] = replace(last, lanes=lanes, slots={OP: values})
