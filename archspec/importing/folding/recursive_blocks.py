"""A block that calls itself, from the modules of a class that hold each other."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from archspec.importing.folding.block_building import BuiltBlock
from archspec.importing.folding.channel_rules import MULTIPLES
from archspec.importing.folding.templates import MismatchError
from archspec.importing.folding.vectors import Vector, is_constant
from archspec.importing.inner_bodies import Body, map_bodies
from archspec.importing.steps import Call, Expression, Instance, Step, Value

DEPTH = "depth"


@dataclass(frozen=True)
class Nesting:
    """Which module each module of a class holds, by their indices."""

    inner: Mapping[int, int]

    @classmethod
    def of(
        cls, instances: Sequence[Instance], held: Sequence[Sequence[Instance]]
    ) -> Nesting:
        """The nesting of modules; `held` are those of the class within each of them.

        Raises:
            MismatchError: if one holds several.
        """
        numbers = {id(instance): n for n, instance in enumerate(instances)}
        if any(inner[1:] for inner in held):
            raise MismatchError
        return cls({n: numbers[id(inner[0])] for n, inner in enumerate(held) if inner})

    def depths(self, count: int) -> Vector:
        """How many modules of the class are within each."""

        def depth(number: int) -> int:
            return 1 + depth(self.inner[number]) if number in self.inner else 0

        return {number: depth(number) for number in range(count)}


def with_own_arguments(built: BuiltBlock, nesting: Nesting, cin: Vector) -> BuiltBlock:
    """The block whose recursive call has arguments in terms of its own parameters.

    Raises:
        MismatchError: if an argument follows from none of them.
    """
    block = built.block
    names = [*block.positional, *block.keywords]
    given = {name: _values(built, name) for name in names}
    written = {
        name: _written(name, {n: given[name][inner] for n, inner in nesting.inner.items()},
                       given, cin)
        for name in names
    }  # fmt: skip
    positional = tuple(written[name] for name in block.positional)
    keywords = {
        n: written[n] for n, default in block.keywords.items() if written[n] != default
    }

    def change(body: Body) -> Body:
        return [changed(step) for step in body]

    def changed(step: Step) -> Step:
        if isinstance(step, Call) and step.name == block.name:
            return replace(step, positional=positional, keywords=keywords)
        return map_bodies(step, change)

    return replace(built, block=replace(block, body=change(block.body)))


def _values(built: BuiltBlock, name: str) -> Vector:
    """The values of a parameter in each call."""
    block = built.block
    if name in block.positional:
        place = block.positional.index(name)
        return {n: call.positional[place] for n, call in enumerate(built.calls)}
    default = block.keywords[name]
    assert default is not ...
    return {n: call.keywords.get(name, default) for n, call in enumerate(built.calls)}


def _written(
    name: str, inner: Vector, given: Mapping[str, Vector], cin: Vector
) -> Value:
    """The argument with the values that the inner modules have."""
    if is_constant(inner):
        return next(iter(inner.values()))
    bases = {name: given[name], **given, "cin": cin}
    for text, base in bases.items():
        for written, values in _derived(text, {n: base[n] for n in inner}):
            if values == inner:
                return Expression(written)
    raise MismatchError


def _derived(text: str, values: Vector) -> Iterator[tuple[str, Vector]]:
    """What follows from the values of one parameter, the plainest first."""
    yield text, values
    if all(type(value) is int for value in values.values()):
        for step in (1, -1):
            sign = "-" if step > 0 else "+"
            yield f"{text} {sign} 1", {n: v - step for n, v in values.items()}  # type: ignore[operator]
        for pattern, rule in MULTIPLES:
            yield pattern.format(text), {n: rule(v) for n, v in values.items()}
