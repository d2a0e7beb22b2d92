"""Find the block of the library that a module is, and the arguments of its call."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import cache
from itertools import permutations
from types import EllipsisType
from typing import Any

from archspec.frontend import ast as spec
from archspec.importing.folding.argument_fields import Kind, op_field
from archspec.importing.folding.templates import channels_of
from archspec.importing.inner_bodies import Body
from archspec.importing.steps import Block, Call, Expression, Group, Join, Step, Value
from archspec.ir.symbolic import constant, is_literal, substitute
from archspec.ops.op import Family
from archspec.ops.registry import OPS
from archspec.passes.compare import COMMUTATIVE
from archspec.resolve.library import library
from archspec.resolve.scope import Block as LibraryBlock
from archspec.signatures.signature import Like, Parameter, Required

FLAGS = ("true", "false")
CHOSEN = (Family.ACTIVATION, Family.NORMALIZATION)  # what a parameter stands for

Pattern = spec.Call | spec.Labeled | spec.Merge


class NoMatchError(Exception):
    """A body that is not the one of the block."""


@dataclass
class Match:
    """What the parameters of a block are in one body."""

    definition: spec.BlockDefinition
    values: dict[str, Value] = field(default_factory=dict)
    kinds: dict[str, Kind] = field(default_factory=dict)
    defaults: dict[str, Value] = field(default_factory=dict)  # here

    @property
    def names(self) -> list[str]:
        """The parameters, none of which is a pattern."""
        return [p.names[0].id for p in self.definition.parameters]

    @property
    def block(self) -> Block:
        """The signature of the block, without its body."""
        keywords = {
            p.names[0].id: _default_of(p)
            for p in self.definition.parameters
            if p.keyword_only
        }
        positional = tuple(name for name in self.names if name not in keywords)
        return Block(self.definition.name.id, positional, keywords, [])

    @property
    def call(self) -> Call:
        """The call of the block that has the body."""
        block = self.block
        return Call(
            block.name,
            tuple(self.values[name] for name in block.positional),
            {
                n: self.values[n]
                for n, d in block.keywords.items()
                if self.values[n] != d
            },
        )


def _default_of(parameter: spec.Parameter) -> Value | EllipsisType:
    """The default of a parameter; one that depends on others equals no value."""
    if parameter.default is None:
        return ...
    text = parameter.default.span.text
    with suppress(ValueError):
        value: Value = ast.literal_eval(text.capitalize() if text in FLAGS else text)
        return value
    return text if text in OPS else Expression(text)


def library_matches(
    bodies: Sequence[Body], channels: Sequence[Value]
) -> list[Match] | None:
    """The block of the library that has all of these bodies, with the shortest calls.

    `channels` are those of the inputs.
    """
    found = []
    for definition in _definitions():
        with suppress(NoMatchError):
            found.append(
                [
                    _Matcher(Match(definition), cin).match(body)
                    for body, cin in zip(bodies, channels, strict=True)
                ]
            )
    return min(found, key=_length, default=None)


def calls_of(matches: Sequence[Match]) -> list[Call]:
    """The calls of one block, without what is its default in all of them."""
    usual = {
        name
        for name in matches[0].defaults
        if all(match.values[name] == match.defaults[name] for match in matches)
    }
    calls = [match.call for match in matches]
    return [
        replace(
            call, keywords={n: v for n, v in call.keywords.items() if n not in usual}
        )
        for call in calls
    ]


def _length(matches: list[Match]) -> int:
    return sum(
        len(match.call.positional) + len(match.call.keywords) for match in matches
    )


@cache
def _definitions() -> tuple[spec.BlockDefinition, ...]:
    """The blocks without conditions, repeats and tuple patterns."""
    blocks = (block for block in library().values() if isinstance(block, LibraryBlock))
    return tuple(
        block.definition
        for block in blocks
        if all(len(p.names) == 1 for p in block.definition.parameters)
        if _patterns(block.definition.body) is not None
    )


def _patterns(step: spec.Step) -> list[Pattern] | None:
    """The parts of a body one after the other; None if it is not plain enough."""
    match step:
        case spec.Chain():
            return [*step.calls]
        case spec.Group():
            inner = [_patterns(part) for part in step.steps]
            if None in inner:
                return None
            return [part for parts in inner if parts for part in parts]
        case spec.Labeled():
            return None if _patterns(step.step) is None else [step]
        case spec.Merge() if step.kind != "split":
            branches = [_patterns(branch) for branch in step.branches]
            return None if None in branches else [step]
    return None


@dataclass
class _Matcher:
    found: Match
    cin: Value

    def match(self, body: Body) -> Match:
        """Bind the parameters, or raise `NoMatchError`."""
        self._sequence(_patterns(self.found.definition.body) or [], body)
        for parameter in self.found.definition.parameters:
            name = parameter.names[0].id
            if parameter.default is not None:
                self.found.defaults[name] = self.default(parameter)
            elif name not in self.found.values:
                raise NoMatchError
        self.found.values = self.found.defaults | self.found.values
        return self.found

    def default(self, parameter: spec.Parameter) -> Value:
        """The default of a parameter."""
        if parameter.default is None:
            raise NoMatchError
        text = parameter.default.span.text
        return text if text in OPS else self._evaluated(parameter.default, None)

    def _sequence(self, patterns: list[Pattern], steps: Body) -> None:
        rest = [*steps]
        for pattern in patterns:
            if isinstance(pattern, spec.Call) and pattern.name.id == "identity":
                continue
            if isinstance(pattern, spec.Call) and pattern.name.id in self.found.names:
                self._choose(pattern.name.id, rest)
                continue
            if not rest:
                raise NoMatchError
            self._part(pattern, rest.pop(0))
        if rest:
            raise NoMatchError

    def _choose(self, name: str, rest: Body) -> None:
        """Bind the parameter of an op: the next step, or none at the end."""
        value: Value = "identity"
        if rest:
            step = rest.pop(0)
            if not isinstance(step, Call) or step.label or step.name not in OPS:
                raise NoMatchError
            _require(OPS[step.name].family in CHOSEN and not step.positional)
            bare = Call(step.name, (), step.keywords)
            value = bare if step.keywords else step.name
        self._bind(name, value, Kind.OP)

    def _part(self, pattern: Pattern, step: Step) -> None:
        if isinstance(pattern, spec.Labeled):
            self._labeled(pattern, step)
        elif isinstance(pattern, spec.Call) and isinstance(step, Call):
            _require(not step.label)
            self._call(pattern, step)
        elif isinstance(pattern, spec.Merge) and isinstance(step, Join):
            _require(pattern.kind == step.kind and not step.label)
            self._join(pattern, step)
        else:
            raise NoMatchError

    def _labeled(self, pattern: spec.Labeled, step: Step) -> None:
        inside = _patterns(pattern.step) or []
        if isinstance(step, Group):
            _require(pattern.label.span.text == step.label)
            self._sequence(inside, step.body)
        elif isinstance(step, Call) and len(inside) == 1:
            _require(pattern.label.span.text == step.label)
            self._part(inside[0], replace(step, label=None))
        else:
            raise NoMatchError

    def _join(self, pattern: spec.Merge, join: Join) -> None:
        wanted = [_patterns(branch) or [] for branch in pattern.branches]
        orders = (
            permutations(join.branches)
            if join.kind in COMMUTATIVE
            else [tuple(join.branches)]
        )
        before = dict(self.found.values)
        for branches in orders:
            try:
                for patterns, body in zip(wanted, branches, strict=True):
                    self._sequence(patterns, body)
            except (NoMatchError, ValueError):
                self.found.values = dict(before)
            else:
                return
        raise NoMatchError

    def _call(self, pattern: spec.Call, call: Call) -> None:
        if pattern.name.id != call.name or call.name not in OPS:
            raise NoMatchError
        op = OPS[call.name]
        given = dict(_by_name(call, op.parameters))
        written = dict(_written(pattern, op.parameters))
        ch = channels_of(call.inputs[0]) if call.inputs else None
        known = sorted(op.parameters, key=lambda p: not _is_name(written.get(p.name)))
        for parameter in known:
            expected, value = written.get(parameter.name), given[parameter.name]
            if expected is None:
                if value != _default(parameter, given):
                    raise NoMatchError
            elif isinstance(expected, spec.Name) and expected.id in self.found.names:
                self._bind(expected.id, value, op_field(parameter).kind)
            elif self._evaluated(expected, ch) != value:
                raise NoMatchError

    def _bind(self, name: str, value: Value, kind: Kind) -> None:
        if self.found.values.setdefault(name, value) != value:
            raise NoMatchError
        self.found.kinds.setdefault(name, kind)

    def _evaluated(self, expression: spec.Expression, ch: Value) -> Value:
        """The value of an expression over the parameters known so far."""
        names = {"cin": self.cin, "ch": ch, "true": True, "false": False}
        code = ast.parse(expression.span.text, mode="eval").body
        read = {node.id for node in ast.walk(code) if isinstance(node, ast.Name)}
        for parameter in self.found.definition.parameters:
            name = parameter.names[0].id
            if name in read and name not in self.found.values:
                self.found.values[name] = self.default(parameter)
        known = {n: constant(v) for n, v in (names | self.found.values).items()}
        result = substitute(code, known)
        if not is_literal(result):
            raise NoMatchError
        value: Value = ast.literal_eval(result)
        return value


def _require(condition: bool) -> None:
    if not condition:
        raise NoMatchError


def _is_name(expression: spec.Expression | None) -> bool:
    return isinstance(expression, spec.Name)


def _written(
    call: spec.Call, parameters: tuple[Parameter, ...]
) -> Iterator[tuple[str, spec.Expression]]:
    """The arguments of a call in the library, by torch's names."""
    positional = [a.value for a in call.arguments if a.keyword is None]
    yield from zip(
        (p.name for p in parameters if p.positional), positional, strict=False
    )
    shown = {p.shown: p.name for p in parameters}
    for argument in call.arguments:
        if argument.keyword:
            yield shown.get(argument.keyword.id, argument.keyword.id), argument.value


def _by_name(
    call: Call, parameters: tuple[Parameter, ...]
) -> Iterator[tuple[str, Value]]:
    """All arguments of a call by torch's names, with defaults."""
    given: dict[str, Value] = {}
    positional = [p.name for p in parameters if p.positional]
    given.update(zip(positional, call.positional, strict=False))
    for parameter in parameters:
        if parameter.shown in call.keywords:
            given[parameter.name] = call.keywords[parameter.shown]
    for parameter in parameters:
        if parameter.name not in given:
            given[parameter.name] = _default(parameter, given)
    yield from given.items()


def _default(parameter: Parameter, given: Mapping[str, Any]) -> Any:
    default = parameter.default
    if isinstance(default, Like):
        return given[default.parameter]
    return None if isinstance(default, Required) else default
