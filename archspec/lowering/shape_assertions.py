"""Shape assertions: `conv(96, k=3) -> [96, _, 54]`."""

from __future__ import annotations

from collections.abc import Sequence

from archspec.diagnostics.diagnostic import Replacement
from archspec.frontend.ast import Call, ShapeAssertion
from archspec.ir import graph as ir
from archspec.lowering.context import Context
from archspec.lowering.provenance import format_shape, producer, report
from archspec.lowering.values_in_context import evaluate, is_integer
from archspec.resolve.value_text import describe
from archspec.signatures.signature import show


def check_assertion(call: Call, y: ir.Value, context: Context) -> ir.Value:
    """Check `-> [96, _, 54]` against the output of a call.

    Where the output is unknown, after an error, checking resumes with the asserted shape.
    """
    if call.assertion is None or not context.run.asserts:
        return y
    wanted = _asserted(call.assertion, y, context)
    if wanted is None:
        return y
    if y.shape is None:
        return (
            y
            if context.values_unknown
            else _asserted_value(wanted, _likely_axes(len(wanted)), call.assertion)
        )
    if len(wanted) == len(y.shape) and all(
        want in (None, have) for want, have in zip(wanted, y.shape, strict=True)
    ):
        return y
    sizes = ", ".join("_" if want is None else show(want) for want in wanted)
    found = format_shape(y.shape)
    report(
        context,
        "shape-assertion",
        f"expected the shape [{sizes}], found {found}",
        call.assertion.span,
        f"asserted [{sizes}]",
        related=producer(y.before) if y.before else [],
        numbers=_numbers(wanted, y.shape.plain()),
        help=Replacement(
            f"write `-> {found}` if this is intended",
            found,
            is_strong=False,
        ),
    )
    if not context.run.trust_assertions:
        return y
    axes = _likely_axes(len(wanted))
    if len(wanted) == len(y.shape):
        axes = y.shape.axes
        wanted = [
            have if want is None else want
            for want, have in zip(wanted, y.shape, strict=True)
        ]
    return _asserted_value(wanted, axes, call.assertion)


def _numbers(wanted: Sequence[int | None], found: Sequence[int]) -> list[int]:
    """The wanted sizes and the found ones, where they are as many."""
    if len(wanted) != len(found):
        return []
    pairs = zip(wanted, found, strict=True)
    return [have if want is None else want for want, have in pairs] + [*found]


def _asserted_value(
    sizes: Sequence[int | None], axes: str, assertion: ShapeAssertion
) -> ir.Value:
    """The asserted shape, where all of its sizes are known and positive."""
    known = [size for size in sizes if size is not None and size > 0]
    is_whole = len(known) == len(sizes) == len(axes)
    return ir.Value(ir.Shape(known, axes) if is_whole else None, span=assertion.span)


def _likely_axes(count: int) -> str:
    """The axes of an asserted shape after an error; of two, either may be the channels."""
    return {1: "C", 3: "CHW"}.get(count, "")


def _asserted(
    assertion: ShapeAssertion, y: ir.Value, context: Context
) -> list[int | None] | None:
    """The sizes of an assertion, None for `_`; or None if one is unknown."""
    sizes: list[int | None] = []
    for dim in assertion.dims:
        if dim is None:
            sizes.append(None)
            continue
        value = evaluate(dim, y, context)
        if value is None:
            return None
        if not is_integer(value.value):
            report(
                context,
                "invalid-argument-type",
                f"expected a size, found {describe(value.value)}",
                dim,
            )
            return None
        sizes.append(value.value)
    return sizes
