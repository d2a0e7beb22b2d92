"""A call: find its op or block, and check the input channels that it states."""

from __future__ import annotations

import ast
from collections.abc import Mapping

from archspec.diagnostics.diagnostic import Edit, Fix, Offer, Replacement, write
from archspec.frontend.ast import Call, Expression
from archspec.ir import graph as ir
from archspec.ir.symbolic import Symbolic, code_of, variables
from archspec.lowering.block_calls import BlockCall, lower_block_call
from archspec.lowering.context import Context, Items
from archspec.lowering.layer_names import name_by_level
from archspec.lowering.op_calls import OpCall, lower_op_call
from archspec.lowering.provenance import channel_producer, report
from archspec.lowering.spread_arguments import spread_arguments
from archspec.lowering.values_in_context import evaluate, is_integer
from archspec.ops.op import Op
from archspec.resolve.bind import (
    BoundArguments,
    bind,
    is_row,
    once_each,
    slots,
    written,
)
from archspec.resolve.expression_values import NOT_CALLABLE
from archspec.resolve.partial_call import PartialCall, is_callee
from archspec.resolve.scope import Block, Callee
from archspec.resolve.synonyms import suggest_callee
from archspec.resolve.value_text import describe


def lower_call(
    call: Call,
    x: ir.Value,
    context: Context,
    items: Items,
    name: Symbolic | None = None,
) -> ir.Value:
    """Lower the call of an op or block; without a label its level names it."""
    value, called = _callee(call, context)
    callee, known = _parts(value) if value else (None, {})
    name = name or name_by_level(call, context)
    spread = spread_arguments(call, x, context)
    bound = _bind(spread, callee, known, context) if callee and spread else None
    if callee is None or spread is None or bound is None:
        return ir.Value(None)
    call = spread
    if called is not None:
        bound = bound._replace(called=called)
    if _may_lack_parameters(callee, bound):
        y = _lower(call, callee, bound, x, context, items, name)
        if y.shape is None or _input_channels_match(call, callee, bound, x, context):
            return y
        return ir.Value(None)
    if _input_channels_match(call, callee, bound, x, context):
        return _lower(call, callee, bound, x, context, items, name)
    with context.run.separate_findings() as consequences:  # of the reported error
        y = _lower(call, callee, bound, x, context, items, name)
    return ir.Value(None) if consequences.has_errors else y


def _may_lack_parameters(callee: Callee, bound: BoundArguments) -> bool:
    """Whether the only argument may be one of a parameter that the block has lost.

    `unit(8)` states input channels if the signature is `unit:`, but not if the body reads
    a name that nothing defines.
    """
    is_bare = isinstance(callee, Block) and not callee.definition.parameters
    return is_bare and bound.in_channels is not None


def _parts(value: Callee | PartialCall) -> tuple[Callee, Mapping[str, Symbolic]]:
    """The op or block of a value, and the arguments that the value has already."""
    if isinstance(value, PartialCall):
        return value.callee, value.keywords
    return value, {}


def _bind(
    call: Call, callee: Callee, known: Mapping[str, Symbolic], context: Context
) -> BoundArguments | None:
    """The call's arguments, bound once however often the call is expanded."""
    before = context.run.bound
    key = id(call), id(callee), tuple(known)
    bound = before.get(key) or bind(call, callee, context.findings, known=known)
    if bound:
        before[key] = bound
    return bound._replace(known=known) if bound and known else bound


def _lower(
    call: Call,
    callee: Callee,
    bound: BoundArguments,
    x: ir.Value,
    context: Context,
    items: Items,
    name: Symbolic,
) -> ir.Value:
    if isinstance(callee, Op):
        return lower_op_call(OpCall(call, callee, bound), x, context, items, name)
    return lower_block_call(BlockCall(call, callee, bound), x, context, items, name)


def _callee(
    call: Call, context: Context
) -> tuple[Callee | PartialCall | None, ast.Name | None]:
    """What is called, and the name of the parameter that has it as a value, if one has."""
    name, scope = call.name, context.scope
    if scope.has(name.id):
        known = scope.get(name.id)
        if known is None:
            return None, None
        if is_callee(known.value):
            return known.value, known.code if isinstance(known.code, ast.Name) else None
        report(
            context,
            "not-callable",
            f"`{name.id}` is {describe(known.value)}, not an op or block",
            name,
            help=_without_quotes(known.value, context),
        )
        return None, None
    callees = scope.environment.callees
    if name.id not in callees and not scope.environment.may_define(name.id):
        help = suggest_callee(name.id, {*callees, "ref", "tied"})
        if name.id in context.labels.known():
            read = f"ref({name.id})"
            help = Offer(f"`{read}` reads the output of the step with this label", read)
        context.findings.error(
            "unknown-op",
            f"unknown op or block `{name.id}`",
            name.span,
            help=help or "`archspec list` shows all ops and blocks",
        )
    return callees.get(name.id), None


def _without_quotes(value: object, context: Context) -> str:
    """Help for a quoted value of `params` that names an op or block."""
    word = value.partition("(")[0] if isinstance(value, str) else ""
    is_known = word in context.scope.environment.callees
    if is_known:
        return "omit the quotes, and put it on its own line"
    return "" if word else NOT_CALLABLE


# --- input channels ---


def _input_channels_match(
    call: Call, callee: Callee, bound: BoundArguments, x: ir.Value, context: Context
) -> bool:
    """Whether the input channels that a call states match the input."""
    if bound.in_channels is None:
        return True
    stated = evaluate(bound.in_channels, x, context)
    if stated is None:
        return True
    if not is_integer(stated.value):
        report(
            context,
            "invalid-argument-type",
            f"the first of these is the number of input channels, "
            f"found {describe(stated.value)}",
            bound.in_channels,
            help=_by_keyword(call, callee, bound.in_channels),
        )
        return False
    if x.shape is None or stated.value == x.shape.channels:
        return True
    _report_channels(call, callee, bound, stated.value, x, context)
    return False


def _by_keyword(call: Call, callee: Callee, first: Expression) -> str:
    """Help that gives the first argument, which is no number of channels, by keyword."""
    keywords = [slot for slot in slots(callee).each if not slot.positional]
    if len(call.arguments) > 1 or not keywords:
        return f"`{callee.name}` takes its other arguments by keyword"
    return write(f"{call.name.id}({keywords[0].shown}={first.span.text})")


def _takes_kernel_and_stride(callee: Callee) -> bool:
    """Whether `callee(3, 2)` may mean a kernel of 3 and a stride of 2, as of a pool."""
    shown = [slot.shown for slot in slots(callee).each]
    return shown[:1] == ["k"] and "s" in shown


def _report_channels(
    call: Call,
    callee: Callee,
    bound: BoundArguments,
    stated: int,
    x: ir.Value,
    context: Context,
) -> None:
    assert x.shape is not None
    assert bound.in_channels is not None
    found = x.shape.channels
    first = next(a for a in call.arguments if a.value is bound.in_channels)
    rest = [a.span.text for a in once_each(call.arguments) if a is not first]
    noun = (
        "input channel" if x.shape.axes[0] == "C" != x.shape.axes else "input feature"
    )
    own_channels = _made_in_body(found, context)
    number = str(int(found))
    value = own_channels or number
    fixed = written(call, [value, *rest])
    proposals: list[Fix] = []
    in_body = Replacement(f"write `{fixed}`, or omit the {noun}s", value)
    helps: list[str] = [in_body]
    if callee.name == "flatten":
        helps = ["`flatten` has no axis argument: omit the number"]
    if first.is_spread:
        helps = [f"omit the {noun}s from `{first.span.text}`"]
    elif context.argument(bound.in_channels):  # the number is the caller's
        is_strong = not own_channels  # else the body may be wrong
        helps = [Replacement(f"write `{number}`", number, is_strong=is_strong)]
        if own_channels:
            edit = Edit(bound.in_channels.span, own_channels)
            proposals = [Fix(f"write `{fixed}`", (edit,), is_strong=False)]
    elif _takes_kernel_and_stride(callee) and len(rest) == 1 and not is_row(call):
        strided = f"{call.name.id}({bound.in_channels.span.text}, s={rest[0]})"
        helps = [
            f"if {rest[0]} is the stride, write `{strided}`",
            f"or `{fixed}`, or omit the {noun}s",
        ]
        edits = Edit(call.span, strided), Edit(bound.in_channels.span, value)
        titles = f"write `{strided}`", f"write `{fixed}`"
        proposals = [Fix(t, (e,)) for t, e in zip(titles, edits, strict=True)]
    report(
        context,
        "channel-mismatch",
        f"expected {stated} {noun}{'s' * (stated != 1)} for `{callee.name}`, found {found}",
        bound.in_channels,
        f"given {stated}",
        related=channel_producer(x),
        help=helps,
        numbers=[stated, int(found)],
        proposals=proposals,
        help_in_body=[in_body] * bool(own_channels),
    )


def _made_in_body(channels: int, context: Context) -> str:
    """Channels that a step of the block's body made, in the names of its parameters.

    `r3` after `conv(r3, k=1)`; "" for those that the block gets from its caller.
    """
    code = code_of(channels)
    is_known = {*variables(code)} <= {*context.given}
    return ast.unparse(code) if is_known else ""
