"""Find the condition that holds in some lanes of a template and not in the others."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product

from archspec.importing.folding.argument_fields import Kind
from archspec.importing.folding.templates import Lanes
from archspec.importing.folding.value_search import Parameter, ValueSearch
from archspec.importing.folding.vectors import Vector, is_constant, same
from archspec.importing.steps import Value

Atom = tuple[str, Lanes]  # a condition, and the lanes in which it holds


def condition(
    inside: Lanes, within: Lanes, search: ValueSearch, *, shortcut: bool = False
) -> str | None:
    """A short condition that holds in `inside` and in no other lane of `within`.

    Two are combined only as those of a shortcut are: `s != 1 or cin != cout`. Others would
    hold by chance. Where the other branch is an identity, they are combined even if one
    is enough, so that the block takes other channels too.
    """
    atoms = [*_atoms(within, search)]
    strides = [atom for atom in atoms if atom[0].startswith("s ")]
    widths = [atom for atom in atoms if atom[0].startswith("cin ")]
    if shortcut:
        for (a, first), (b, second) in product(strides, widths):
            if (a[:4], b[:6]) == ("s !=", "cin !=") and second <= first == inside:
                return f"{a} or {b}"
    for text, lanes in atoms:
        if lanes == inside:
            return text
    for (a, first), (b, second) in product(strides, widths):
        if first | second == inside:
            return f"{a} or {b}"
        if first & second == inside:
            return f"{a} and {b}"
    return _of_argument(inside, within, search)


def _atoms(within: Lanes, search: ValueSearch) -> Iterator[Atom]:
    for parameter in search.parameters.values():
        if parameter.kind == Kind.INDEX:
            yield from _is_not_first(parameter, within)
        elif parameter.kind not in (Kind.CHANNELS, Kind.OP):
            yield from _comparisons(parameter.name, parameter.values, within)
    if search.cin:
        widths = {
            p.name: p.values
            for p in search.parameters.values()
            if p.kind == Kind.CHANNELS
        }
        for text, values in (
            widths | search.derived | _constant_output(search)
        ).items():
            if (
                "cin" not in text
                and "ch" not in text.split()
                and within <= values.keys()
            ):
                equal = frozenset(x for x in within if values[x] == search.cin[x])
                yield f"cin == {text}", equal
                yield f"cin != {text}", within - equal


def _constant_output(search: ValueSearch) -> dict[str, Vector]:
    """The output channels as a literal, if they are the same in all lanes."""
    values = search.output
    return {str(values[0]): values} if values and is_constant(values) else {}


def _comparisons(name: str, values: Vector, within: Lanes) -> Iterator[Atom]:
    """`s != 1`, `s == 1` and so on; for a flag, itself and its negation."""
    found = {lane: values[lane] for lane in within}
    if all(isinstance(value, bool) for value in found.values()):
        true = frozenset(lane for lane, value in found.items() if value)
        yield name, true
        yield f"not {name}", within - true
        return
    if not all(type(value) in (int, float) for value in found.values()):
        return
    for value in _thresholds(found):
        equal = frozenset(lane for lane, v in found.items() if v == value)
        above = frozenset(lane for lane, v in found.items() if v > value)  # type: ignore[operator]
        if value == 0:
            yield f"{name} > 0", above
        yield f"{name} != {value}", within - equal
        yield f"{name} == {value}", equal
        yield f"{name} > {value}", above
        yield f"{name} <= {value}", within - above


def _is_not_first(parameter: Parameter, within: Lanes) -> Iterator[Atom]:
    """Whether a number that counts from 0 is another one."""
    if min(parameter.values.values()) == 0:  # type: ignore[type-var]
        above = frozenset(x for x in within if parameter.values[x] != 0)
        yield f"{parameter.name} > 0", above


def _thresholds(values: Vector) -> list[Value]:
    """The values to compare with, 1 and 0 first."""
    distinct = sorted({*values.values()}, key=lambda v: (v not in (0, 1), v))
    return distinct[:4]


def _of_argument(inside: Lanes, within: Lanes, search: ValueSearch) -> str | None:
    """A condition on an argument of the constructor, which becomes a parameter."""
    atoms = [
        (text, lanes, name)
        for name, values in search.arguments.items()
        if search.lanes <= values.keys() and not _are_channels(values, search)
        if all(isinstance(value, int) for value in values.values())
        for text, lanes in _comparisons(name, values, within)
    ]
    for text, lanes, name in atoms:
        if lanes == inside:
            values = search.arguments[name]
            is_flag = all(isinstance(value, bool) for value in values.values())
            short = search.accept(name, Kind.FLAG if is_flag else Kind.RATIO, values)
            return text.replace(name, short)
    return None


def _are_channels(values: Vector, search: ValueSearch) -> bool:
    known = [p.values for p in search.parameters.values() if p.kind == Kind.CHANNELS]
    return any(
        same(values, channels) for channels in (*known, search.cin, search.output)
    )
