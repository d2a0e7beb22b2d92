"""`*row` among the arguments of a call: a tuple, spread over positional arguments.

stage(*row, n=2)  where row is (64, 3)   ->   stage(row[0], row[1], n=2)
"""

from __future__ import annotations

from collections.abc import Iterator

from archspec.diagnostics.diagnostic import Edit, Fix
from archspec.frontend.ast import Argument, Call, Literal, Subscript
from archspec.ir import graph as ir
from archspec.lowering.context import Context
from archspec.lowering.provenance import report
from archspec.lowering.values_in_context import evaluate
from archspec.resolve.value_text import describe


def spread_arguments(call: Call, x: ir.Value, context: Context) -> Call | None:
    """The call with an argument for each item of a tuple; None if one is unknown."""
    for argument in call.arguments:
        if argument.is_spread:
            break
    else:
        return call
    lengths = [
        _length(argument, x, context)
        for argument in call.arguments
        if argument.is_spread
    ]
    known = [length for length in lengths if length is not None]
    if len(known) < len(lengths):
        return None
    spread = context.run.spread
    key = id(call), tuple(known)
    if key not in spread:
        spread[key] = call._replace(arguments=tuple(_spread(call, iter(known))))
    return spread[key]


def _length(argument: Argument, x: ir.Value, context: Context) -> int | None:
    row = evaluate(argument.value, x, context)
    if row is None:
        return None
    if isinstance(row.value, tuple):
        return len(row.value)
    text = argument.value.span.text
    report(
        context,
        "invalid-argument-type",
        f"`*` spreads a tuple, found {describe(row.value)}",
        argument.value,
        help=f"omit the `*`: `{text}`",
        proposals=[Fix(f"write `{text}`", (Edit(argument.span, text),))],
    )
    return None


def _spread(call: Call, lengths: Iterator[int]) -> Iterator[Argument]:
    for argument in call.arguments:
        if not argument.is_spread:
            yield argument
            continue
        span = argument.span
        for number in range(next(lengths)):
            item = Subscript(span, argument.value, Literal(span, number))
            yield Argument(span, None, item, is_spread=True)
