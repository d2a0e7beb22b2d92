"""Which input sizes a network accepts: `archspec check --sizes 1..512`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from types import MappingProxyType
from typing import NamedTuple

from archspec.diagnostics.diagnostic import Diagnostic, Findings, TooMany
from archspec.frontend.ast import Group
from archspec.frontend.schema.json_schema import SIZE
from archspec.ir.graph import Port, Value
from archspec.lowering.states_between_steps import states_between_steps
from archspec.resolve.scope import Scope

MAX_SIZES = 5_000  # in one question
SIZES = re.compile(rf"({SIZE})(?:\.\.({SIZE}))?")


class SizesResult(NamedTuple):
    """The sizes that a spec accepts.

    `diagnostics` are about all sizes. `reasons` has an error by size: for the sizes just
    below and above the first range or, if no size is accepted, for the size nearest to
    the spec's own.
    """

    name: str
    diagnostics: tuple[Diagnostic, ...]
    ranges: tuple[range, ...] = ()
    reasons: Mapping[int, Diagnostic] = MappingProxyType({})

    @property
    def ok(self) -> bool:
        """Whether a size is accepted; a library without a network has no sizes."""
        is_wrong = any(d.is_error for d in self.diagnostics)
        return bool(self.ranges) or not (is_wrong or self.reasons)


def parse_sizes(text: str) -> range:
    """Parse `1..512`, or one size.

    Raises:
        ValueError: with a sentence that says what is wrong.
    """
    match = SIZES.fullmatch(text)
    if match is None:
        raise ValueError(
            f"expected sizes from 1 on, as `1..512` or `224`, found `{text}`"
        )
    first, last = int(match[1]), int(match[2] or match[1])
    if first > last:
        raise ValueError(f"`{text}` counts down: write `{last}..{first}`")
    if last - first >= MAX_SIZES:
        raise ValueError(f"at most {MAX_SIZES:,} sizes at once, `{text}` has more")
    return range(first, last + 1)


def try_sizes(
    net: Group, inputs: Sequence[Port], sizes: range, scope: Scope
) -> tuple[tuple[range, ...], dict[int, Diagnostic]]:
    """The ranges of accepted sizes, and an error for each size next to the first range.

    Two sizes that have the same shape before a step have the same result, so that each
    step is lowered once per shape.
    """
    known: dict[object, Diagnostic | None] = {}  # the result from each state on
    errors = {
        n: _first_error(net, [_resized(port, n) for port in inputs], scope, known)
        for n in sizes
    }
    ranges = _ranges(n for n, error in errors.items() if error is None)
    shown = [n for first in ranges[:1] for n in (first.start - 1, first.stop)]
    own = next((port.shape[1] for port in inputs if is_image(port)), sizes.start)
    shown = shown or [min(sizes, key=lambda n: abs(n - own))]
    return ranges, {n: error for n in shown if (error := errors.get(n))}


def is_image(port: Port) -> bool:
    """Whether an input has a height and a width."""
    return len(port.shape) == 3


def _resized(port: Port, size: int) -> Port:
    """An input as a square of this size, if it is an image."""
    if not is_image(port):
        return port
    assert port.value.shape
    shape = port.value.shape.with_spatial((size, size))
    value = Value(shape, port.value.producer)
    return Port(port.name, value)


def _first_error(
    net: Group,
    inputs: Sequence[Port],
    scope: Scope,
    known: dict[object, Diagnostic | None],
) -> Diagnostic | None:
    """The first error for an input, or None; `known` is read and extended."""
    findings = Findings()
    passed: list[object] = []
    state: object = None
    with suppress(TooMany):
        for state in states_between_steps(net, inputs, scope, findings):
            if findings.has_errors or state in known:
                break
            passed.append(state)
    errors = (d for d in findings if d.is_error)
    error = next(errors, None) or known.get(state)
    known |= dict.fromkeys(passed, error)
    return error


def _ranges(sizes: Iterable[int]) -> tuple[range, ...]:
    """Join ascending numbers to ranges: 1, 2, 3, 7 to 1..3, 7."""
    found: list[range] = []
    for size in sizes:
        if found and found[-1].stop == size:
            found[-1] = range(found[-1].start, size + 1)
        else:
            found.append(range(size, size + 1))
    return tuple(found)
