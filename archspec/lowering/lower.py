"""Lower steps to a graph: expand blocks and repeats, and infer every shape.

The input channels of a layer, `cin`, and the condition of an `if` depend on the shapes
before them, so expansion and inference go together, step by step: each step reads a
value, appends items to the graph, and returns the value that the next step reads.
After an error that value has no known shape, and what depends on it stays silent.

    - conv(8, k=3) | relu     ->  Layer(conv), Layer(relu); the value is [8, 26, 26]
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import suppress

from archspec.diagnostics.diagnostic import Findings, Offer, Replacement, TooMany
from archspec.frontend.ast import (
    Aux,
    Broken,
    Call,
    Chain,
    Each,
    Group,
    If,
    Labeled,
    LabelPath,
    Let,
    Merge,
    Name,
    RepeatFor,
    RepeatTimes,
    Step,
)
from archspec.frontend.step_traversal import is_plain_chain
from archspec.ir import graph as ir
from archspec.lowering.ambiguous_indices import report_ambiguous_indices
from archspec.lowering.aux_heads import check_aux_heads, lower_aux
from archspec.lowering.block_calls import check_block
from archspec.lowering.block_outputs import BlockOutputs
from archspec.lowering.calls import lower_call
from archspec.lowering.collects import lower_collect
from archspec.lowering.conditions import lower_condition
from archspec.lowering.context import Context, Items, LoopVariables, LoweringRun
from archspec.lowering.labeled_steps import lower_labeled
from archspec.lowering.labels import Labels
from archspec.lowering.let_steps import lower_let
from archspec.lowering.merges import lower_merge
from archspec.lowering.network_ports import (
    first_value,
    outputs_of,
    report_unread_inputs,
)
from archspec.lowering.references import lower_reference, report_misplaced
from archspec.lowering.repeats import lower_repeat
from archspec.lowering.shape_assertions import check_assertion
from archspec.lowering.state_dict_names import Level
from archspec.lowering.tied_layers import lower_tied
from archspec.resolve.scope import Block, Scope

VALUES_PER_STEP = 20  # computing them costs as much as lowering a step
Body = tuple[ir.Item, ...]


def lower(
    net: Group | None,
    inputs: Sequence[ir.Port],
    outputs: Sequence[Name | LabelPath],
    scope: Scope,
    blocks: Iterable[Block],
    findings: Findings,
    *,
    asserts: bool = True,
    block_outputs: BlockOutputs | None = None,
) -> tuple[Body, tuple[ir.Port, ...]]:
    """The items of a network and its outputs; findings where its shapes mismatch.

    The document's own `blocks` are checked even where the network uses none or a part
    of them. `asserts` tells whether shape assertions count. The items lack the blocks
    whose `block_outputs` are remembered.
    """
    attempts = []
    for trust_assertions in (True, False):
        found = findings.fresh()
        run = LoweringRun(
            found,
            lower_step,
            asserts=asserts,
            trust_assertions=trust_assertions,
            block_outputs=block_outputs,
        )
        try:
            made = _lowered(net, inputs, outputs, scope.inner(), blocks, run)
        finally:
            findings.lowered += run.steps + run.budget.spent // VALUES_PER_STEP
        attempts.append((found, made))
        if not found.has("shape-assertion"):
            break
    # Where an assertion fails, either it or the step before it is wrong: the better
    # explanation leaves fewer errors after it.
    found, lowered = min(attempts, key=lambda attempt: attempt[0].errors)
    with suppress(TooMany):
        findings.extend(found.each())
    return lowered


def _lowered(
    net: Group | None,
    inputs: Sequence[ir.Port],
    outputs: Sequence[Name | LabelPath],
    scope: Scope,
    blocks: Iterable[Block],
    run: LoweringRun,
) -> tuple[Body, tuple[ir.Port, ...]]:
    context = network_context(net, inputs, scope, run)
    items: Items = []
    made: tuple[ir.Port, ...] = ()
    try:
        if net is not None:
            report_ambiguous_indices(net, run.findings)
            x = first_value(net, inputs, run.findings)
            last = lower_step(net, x, context, items)
            made = outputs_of(outputs, inputs, last, context)
            if len(made) == 1:
                check_aux_heads(made[0].value, context)
            if not run.findings.has_errors:
                report_unread_inputs(inputs, items, run.findings)
        for block in blocks:
            check_block(block, context)
    except TooMany:
        pass
    return tuple(items), made


def network_context(
    net: Group | None, inputs: Sequence[ir.Port], scope: Scope, run: LoweringRun
) -> Context:
    """The place of the network's steps, where its inputs are labels."""
    named = [port for port in inputs if port.value.producer]
    spans = {port.name: port.value.span for port in named if port.value.span}
    level = Level(is_plain_chain=net is None or is_plain_chain(net), spans=spans)
    labels = Labels(net, outputs={port.name: port.value for port in inputs})
    return Context(run, scope, level, labels, LoopVariables())


def lower_step(step: Step, x: ir.Value, context: Context, items: Items) -> ir.Value:
    """Append the items of one step, and return its output."""
    context.run.enter(step.span)
    try:
        return _lower_kind(step, x, context, items)
    finally:
        context.run.leave()


def _lower_kind(step: Step, x: ir.Value, context: Context, items: Items) -> ir.Value:
    match step:
        case Chain():
            return _lower_chain(step, x, context, items)
        case Group():
            return _lower_group(step, x, context, items)
        case Labeled():
            return lower_labeled(step, x, context, items)
        case Merge():
            return lower_merge(step, x, context, items)
        case RepeatTimes() | RepeatFor() if step.collects:
            return lower_collect(step, x, context, items)
        case RepeatTimes() | RepeatFor():
            return lower_repeat(step, x, context, items)
        case Each():
            return _misplaced_each(step, context)
        case If():
            return lower_condition(step, x, context, items)
        case Aux():
            return lower_aux(step, x, context, items)
        case Let():
            return lower_let(step, x, context, items)
        case Broken():
            context.labels.is_complete = False
            return ir.Value(None)


def _lower_none(call: Call, context: Context) -> ir.Value:
    """`none` as a step: a join leaves it out, and anywhere else it is a mistake."""
    if not context.values_unknown:
        context.findings.error(
            "misplaced-none",
            "`none` is a step here, not a branch of a join",
            call.span,
            help=Offer(
                "omit the step, or write `identity` for an unchanged input", "identity"
            ),
        )
    return ir.Value(None)


def _misplaced_each(step: Each, context: Context) -> ir.Value:
    context.findings.error(
        "misplaced-each",
        "`each` is a branch of a join, found in a list of steps",
        step.span,
        help=Replacement(
            "write `repeat`, which runs steps one after the other", "repeat"
        ),
    )
    return ir.Value(None)


def _lower_group(group: Group, x: ir.Value, context: Context, items: Items) -> ir.Value:
    inside = context._replace(scope=context.scope.inner())
    for step in group.steps:
        x = context.run.step(step, x, inside, items)
    return x


def _lower_chain(chain: Chain, x: ir.Value, context: Context, items: Items) -> ir.Value:
    for number, call in enumerate(chain.calls):
        if call.name.id in context.scope.environment.callees:
            x = lower_call(call, x, context, items)  # a block with a reserved name, too
        elif call.name.id == "none":
            x = _lower_none(call, context)
        elif call.name.id == "tied":
            x = lower_tied(call, x, context, items)
        elif call.name.id != "ref":
            x = lower_call(call, x, context, items)
        elif number == 0:
            x = lower_reference(call, x, context, items)
        else:
            report_misplaced(call, context)
            x = ir.Value(None)
        if call.assertion is not None:
            x = check_assertion(call, x, context)
    return x
