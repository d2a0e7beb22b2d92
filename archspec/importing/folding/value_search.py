"""Write the values that one argument has in several places as one expression.

A constant stays a literal. What equals the input channels, another parameter, or a small
multiple of one is an expression. Anything else becomes a parameter.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from archspec.importing.block_names import RESERVED
from archspec.importing.folding.argument_fields import Field, Kind
from archspec.importing.folding.channel_rules import (
    FACTORS,
    MULTIPLES,
    ROUNDED,
    by_rule,
    holds,
    sums,
)
from archspec.importing.folding.formulas import (
    Formula,
    alternating,
    first_else,
    formula,
    is_counter,
    is_first_else,
    is_progression,
)
from archspec.importing.folding.templates import MismatchError
from archspec.importing.folding.vectors import (
    Vector,
    alternates,
    counts_up,
    has_another_first,
    is_constant,
    most_common,
    same,
)
from archspec.importing.steps import Expression, Value
from archspec.ir.symbolic import make_divisible

SHORT_NAMES = {  # of what constructors call their arguments
    "stride": "s",
    "kernel_size": "k",
    "padding": "p",
    "dilation": "d",
    "groups": "g",
    "out_channels": "cout",
    "outplanes": "cout",
    "out_planes": "cout",
    "out_features": "cout",
    "oup": "cout",
    "out_ch": "cout",
    "dropout": "p",  # an op is called so
    "num_layers": "n",
    "num_blocks": "n",
    "n_blocks": "n",
}

MANY = 3  # different input channels, of which all others are not multiples by chance
VARYING = (Kind.SIZE, Kind.FLAG, Kind.OTHER)  # what the index of a repeat decides


@dataclass
class Parameter:
    """A parameter of a block, or a column of a repeat, and its values by lane."""

    name: str
    kind: Kind
    values: Vector


@dataclass
class ValueSearch:
    """Finds expressions over parameters, and makes a parameter where there is none."""

    lanes: frozenset[int]
    cin: Vector = field(default_factory=dict)  # empty in a repeat
    output: Vector = field(default_factory=dict)  # channels
    arguments: Mapping[str, Vector] = field(default_factory=dict)  # of the constructor
    taken: frozenset[str] = frozenset()  # names that no parameter can have
    parameters: dict[str, Parameter] = field(default_factory=dict)
    derived: dict[str, Vector] = field(default_factory=dict)  # expressions found so far
    index: str = ""  # of a repeat without rows, whose iterations are the lanes
    counter: str = ""  # of any repeat

    def write(
        self, of: Field, values: Vector, channels: Vector, *, optional: bool = False
    ) -> Value:
        """One value for all lanes.

        `channels` are those that the step reads. A number of an optional step, which is
        not in all lanes, is a parameter's rather than a literal.
        """
        if is_constant(values):
            text = next(self._known(of, values), None) if optional else None
            return Expression(text) if text else next(iter(values.values()))
        found = [*values.values()]
        if any(isinstance(value, Formula) for value in found):
            return self._formula(of, values)
        if any(isinstance(value, Expression) for value in found):  # over other names
            raise MismatchError
        if all(isinstance(v, tuple) and len(v) == len(found[0]) for v in found):  # type: ignore[arg-type]
            return tuple(
                self.write(of, {lane: v[n] for lane, v in values.items()}, {})  # type: ignore[index]
                for n in range(len(found[0]))  # type: ignore[arg-type]
            )
        if self.index and of.kind in VARYING[:2] and has_another_first(values):
            return formula(first_else(self.index), values[0], values[1])
        if self.counter and of.kind == Kind.INDEX and counts_up(values):
            return formula(f"{{}} + {self.counter}", values[0])
        if self.index and of.kind in VARYING and alternates(values):
            return formula(alternating(self.index), values[0], values[1])
        text = next(self._texts(of, values, channels), None)
        if text is None:
            return Expression(self._new(of, values))
        if "ch" not in text.split():  # which is another number at each step
            self.derived.setdefault(text, {}).update(values)
        return Expression(text)

    def _formula(self, of: Field, values: Vector) -> Value:
        patterns = {v.pattern for v in values.values() if isinstance(v, Formula)}
        if len(patterns) > 1:
            raise MismatchError
        (pattern,) = patterns
        rows: dict[int, tuple[Value, ...]] = {}
        for lane, value in values.items():
            if isinstance(value, Formula):
                rows[lane] = value.arguments
            elif is_first_else(pattern):
                rows[lane] = (value, value)
            elif is_counter(pattern):
                rows[lane] = (value,)
            else:
                raise MismatchError
        size = len(next(iter(rows.values())))
        of = Field("number", Kind.INDEX) if is_progression(pattern) else of
        parts = [
            self.write(of, {lane: row[n] for lane, row in rows.items()}, {})
            for n in range(size)
        ]
        return formula(pattern, *parts)

    # --- expressions ---

    def _known(self, of: Field, values: Vector) -> Iterator[str]:
        """What is known already and varies, and here has one value."""
        varying = {
            p.name: p.values
            for p in self.parameters.values()
            if p.kind == of.kind and not is_constant(p.values)
        }
        if of.kind == Kind.CHANNELS:
            yield from (n for n, known in varying.items() if same(values, known))
            yield from (n for n, known in self.derived.items() if same(values, known))
            ratios = {
                p.name: p.values
                for p in self.parameters.values()
                if p.kind == Kind.RATIO
            }
            yield from self._products(values, self._bases({}), ratios)
        elif of.kind == Kind.SIZE and next(iter(values.values())) not in (0, 1):
            yield from (n for n in varying if n == of.name and same(values, varying[n]))

    def _texts(self, of: Field, values: Vector, channels: Vector) -> Iterator[str]:
        """Expressions with these values, the plainest first."""
        match of.kind:
            case Kind.CHANNELS:
                yield from self._channels(of, values, channels)
            case Kind.GROUPS:
                yield from self._equal(values, channels)
                yield from self._argument(of, values)
            case Kind.SIZE:
                yield from self._sizes(of, values)
                yield from self._argument(of, values)
            case _:
                for parameter in self.parameters.values():
                    if parameter.kind == of.kind and same(values, parameter.values):
                        yield parameter.name
                yield from self._argument(of, values)

    def _channels(self, of: Field, values: Vector, channels: Vector) -> Iterator[str]:
        yield from self._equal(values, channels)
        yield from (text for text, known in self.derived.items() if same(values, known))
        if values.keys() == self.lanes and len({*self.cin.values()}) >= MANY:
            yield from by_rule(values, {"cin": self.cin}, MULTIPLES)
        yield from self._argument(of, values)
        if not self.cin:
            return
        bases = self._bases(channels)
        ratios = {
            p.name: p.values for p in self.parameters.values() if p.kind == Kind.RATIO
        }
        yield from self._products(values, bases, ratios)
        for name in self._ratio_arguments(values, bases):
            accepted = self.accept(name, Kind.RATIO, self.arguments[name])
            ratio = {accepted: self.arguments[name]}
            yield from self._products(values, bases, ratio)
        yield from by_rule(values, bases, MULTIPLES)
        yield from by_rule(values, bases, ROUNDED)
        yield from sums(values, {n: v for n, v in bases.items() if n != "ch"})
        yield from self._of_output(values)
        yield from self._new_ratio(values)

    def _equal(self, values: Vector, channels: Vector) -> Iterator[str]:
        bases = self._bases(channels)
        yield from (name for name, known in bases.items() if same(values, known))

    def _bases(self, channels: Vector) -> dict[str, Vector]:
        """What channels can be equal to or multiples of."""
        bases = {
            p.name: p.values
            for p in self.parameters.values()
            if p.kind == Kind.CHANNELS
        }
        if self.cin:
            bases["cin"] = self.cin
        if channels:
            bases["ch"] = channels
        return bases

    def _products(
        self,
        values: Vector,
        bases: Mapping[str, Vector],
        ratios: Mapping[str, Vector],
    ) -> Iterator[str]:
        for name, ratio in ratios.items():
            for base, known in bases.items():
                if holds(values, known, ratio, lambda b, t: t * b):
                    yield f"{name} * {base}"
                elif holds(values, known, ratio, lambda b, t: make_divisible(t * b, 8)):
                    yield f"make_divisible({name} * {base}, 8)"

    def _sizes(self, of: Field, values: Vector) -> Iterator[str]:
        known = {
            p.name: p.values for p in self.parameters.values() if p.kind == Kind.SIZE
        }
        if of.name in known and same(values, known[of.name]):
            yield of.name
        if of.name != "p":
            return
        k, d = known.get("k", {}), known.get("d", {})
        if holds(values, k, k, lambda size, _: size // 2):
            yield "k // 2"
        if holds(values, k, d, lambda size, step: (size - 1) // 2 * step):
            yield "(k - 1) // 2 * d"
        if same(values, d):
            yield "d"

    # --- parameters ---

    def _argument(self, of: Field, values: Vector) -> Iterator[str]:
        """The argument of the constructor with these values."""
        equal = [
            name
            for name, known in self.arguments.items()
            if same(values, known)
            and not name.startswith("in")
            and self.lanes <= known.keys()
            and not any(p.values == known for p in self.parameters.values())
        ]
        equal.sort(key=lambda name: SHORT_NAMES.get(name, name) != of.name)
        if equal:
            yield self.accept(equal[0], of.kind, self.arguments[equal[0]])

    def _ratio_arguments(
        self, values: Vector, bases: Mapping[str, Vector]
    ) -> Iterator[str]:
        """Arguments that multiply channels, though not to those of the output."""
        for name, ratio in self.arguments.items():
            if name in SHORT_NAMES or is_constant(ratio) or same(values, self.output):
                continue
            is_number = all(type(v) in (int, float) for v in ratio.values())
            if is_number and any(self._products(values, bases, {name: ratio})):
                yield name

    def _of_output(self, values: Vector) -> Iterator[str]:
        """A multiple of the output channels, which are a parameter from here on."""
        for n in FACTORS:
            times = dict.fromkeys(values, n)
            if holds(values, self.output, times, lambda c, n: n * c):
                base = self.write(Field("c", Kind.CHANNELS), self.output, {})
                if isinstance(base, Expression) and base.text.isidentifier():
                    yield f"{n} * {base.text}"

    def _new_ratio(self, values: Vector) -> Iterator[str]:
        """A parameter that multiplies the input channels; not for a block's output."""
        if same(values, self.output):
            return
        ratios = {
            lane: value // self.cin[lane]  # type: ignore[operator]
            for lane, value in values.items()
        }
        exact = holds(values, self.cin, ratios, lambda b, t: t * b)
        if exact and len({*ratios.values()}) < len({*values.values()}):
            name = self.accept("t", Kind.RATIO, ratios)
            yield f"{name} * cin"

    def _new(self, of: Field, values: Vector) -> str:
        name = of.name
        if of.kind == Kind.CHANNELS and self.cin:
            name = "cout" if same(values, self.output) else "width"
        return self.accept(name, of.kind, values)

    def _or_cin(self, kind: Kind, values: Vector) -> Vector:
        """If no step changes the number of channels, it is that of the input."""
        return self.cin | values if kind == Kind.CHANNELS else values

    def accept(self, name: str, kind: Kind, values: Vector) -> str:
        """Add a parameter; lanes without a value get the most frequent one."""
        short = SHORT_NAMES.get(name, name)
        known = self.parameters.get(short)
        if known and known.kind == kind and same(values, known.values):
            return short
        numbered, n = short, 1
        while numbered in {*self.parameters, *self.taken, *RESERVED}:
            n += 1
            numbered = f"{short}{n}"
        full = _filled(kind, self._or_cin(kind, values), self.lanes)
        self.parameters[numbered] = Parameter(numbered, kind, full)
        return numbered


def _filled(kind: Kind, values: Vector, lanes: frozenset[int]) -> Vector:
    """Values in all lanes, for those where they do not matter too."""
    if kind != Kind.INDEX:
        common = most_common(values)
        return {lane: values.get(lane, common) for lane in sorted(lanes)}
    known = sorted(values)
    nearest = {lane: next((x for x in known if x >= lane), known[-1]) for lane in lanes}
    return {lane: values[near] + lane - near for lane, near in sorted(nearest.items())}  # type: ignore[operator]
