"""For which sizes of its input a network fits together."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from contextlib import suppress
from types import MappingProxyType
from typing import NamedTuple

from archspec.diagnostics.diagnostic import Diagnostic, Findings, TooMany
from archspec.frontend.ast import Group
from archspec.frontend.schema.json_schema import SIZE
from archspec.ir.graph import Shape, Value
from archspec.lowering.states_between_steps import lower_stepwise
from archspec.resolve.scope import Scope

MAX_SIZES = 5_000  # in one question
SIZES = re.compile(rf"({SIZE})(?:\.\.({SIZE}))?")


class SizesResult(NamedTuple):
    """For which sizes a spec checks.

    `diagnostics` are about all sizes. `reasons` say why the sizes beside the first
    range fail or, where all do, the size nearest to the spec's own.
    """

    name: str
    diagnostics: tuple[Diagnostic, ...]
    ranges: tuple[range, ...] = ()
    reasons: Mapping[int, Diagnostic] = MappingProxyType({})

    @property
    def ok(self) -> bool:
        """Whether a size checks; a library without a network has none to check."""
        is_wrong = any(d.is_error for d in self.diagnostics)
        return bool(self.ranges) or not (is_wrong or self.reasons)


def parse_sizes(text: str) -> range:
    """`1..512`, or one size.

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
    net: Group, input: Shape, sizes: range, scope: Scope
) -> tuple[tuple[range, ...], dict[int, Diagnostic]]:
    """The sizes that fit, and why those beside them do not.

    Sizes that meet at one shape go on alike, so that each way is gone once.
    """
    known: dict[object, Diagnostic | None] = {}
    faults = {n: _fault(net, (input[0], n, n), scope, known) for n in sizes}
    ranges = _ranges(n for n, fault in faults.items() if fault is None)
    beside = [n for part in ranges[:1] for n in (part.start - 1, part.stop)]
    beside = beside or [min(sizes, key=lambda n: abs(n - input[1]))]
    return ranges, {n: fault for n in beside if (fault := faults.get(n))}


def _fault(
    net: Group, shape: Shape, scope: Scope, known: dict[object, Diagnostic | None]
) -> Diagnostic | None:
    """What does not fit first; `known` has it by what the rest of a way depends on."""
    findings = Findings()
    passed: list[object] = []
    state: object = None
    with suppress(TooMany):
        for state in lower_stepwise(net, Value(shape), scope, findings):
            if findings.has_errors or state in known:
                break
            passed.append(state)
    errors = (d for d in findings if d.is_error)
    fault = next(errors, None) or known.get(state)
    known |= dict.fromkeys(passed, fault)
    return fault


def _ranges(sizes: Iterable[int]) -> tuple[range, ...]:
    """Rising numbers as unbroken ranges."""
    found: list[range] = []
    for size in sizes:
        if found and found[-1].stop == size:
            found[-1] = range(found[-1].start, size + 1)
        else:
            found.append(range(size, size + 1))
    return tuple(found)
