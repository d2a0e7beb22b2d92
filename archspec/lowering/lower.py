"""Lower steps to a graph: expand blocks and repeats, and infer every shape.

The input channels of a layer, `cin`, and the condition of an `if` depend on the shapes
before them, so expansion and inference go together, step by step: each step reads a
value, appends items to the graph, and returns the value that the next step reads.
After an error that value has no known shape, and what depends on it stays silent.

    - conv(8, k=3) | relu     ->  Layer(conv), Layer(relu); the value is [8, 26, 26]
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import replace

from archspec.diagnostics.diagnostic import Findings, TooMany
from archspec.frontend.ast import (
    Aux,
    Broken,
    Chain,
    Group,
    If,
    Labeled,
    Let,
    Merge,
    RepeatFor,
    RepeatTimes,
    Step,
)
from archspec.frontend.step_traversal import is_plain_chain
from archspec.ir import graph as ir
from archspec.lowering.aux_heads import check_aux_heads, lower_aux
from archspec.lowering.block_calls import check_block
from archspec.lowering.calls import lower_call
from archspec.lowering.conditions import lower_condition
from archspec.lowering.context import Context, Items, LoweringRun
from archspec.lowering.labeled_steps import lower_labeled
from archspec.lowering.let_steps import lower_let
from archspec.lowering.merges import lower_merge
from archspec.lowering.references import lower_reference, report_misplaced
from archspec.lowering.repeats import lower_repeat
from archspec.lowering.shape_assertions import check_assertion
from archspec.lowering.state_dict_names import Level
from archspec.resolve.scope import Block, Scope

Body = tuple[ir.Item, ...]


def lower(
    net: Group | None,
    input: ir.Value,
    scope: Scope,
    blocks: Iterable[Block],
    findings: Findings,
    *,
    asserts: bool = True,
) -> tuple[Body, ir.Value]:
    """The items of a network and its output; findings where its shapes mismatch.

    The document's own `blocks` are checked even where the network uses none or a part
    of them. `asserts` tells whether shape assertions count.
    """
    attempts = []
    for trust_assertions in (True, False):
        found = Findings()
        run = LoweringRun(
            found, lower_step, asserts=asserts, trust_assertions=trust_assertions
        )
        attempts.append((found, _lowered(net, input, scope.inner(), blocks, run)))
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
    input: ir.Value,
    scope: Scope,
    blocks: Iterable[Block],
    run: LoweringRun,
) -> tuple[Body, ir.Value]:
    level = Level(is_plain_chain=net is None or is_plain_chain(net))
    context = Context(run, scope, level, {})
    items: Items = []
    output = ir.Value(None)
    try:
        if net is not None:
            output = lower_step(net, input, context, items)
            check_aux_heads(output, context)
        for block in blocks:
            check_block(block, context)
    except TooMany:
        output = ir.Value(None)
    return tuple(items), output


def lower_step(step: Step, x: ir.Value, context: Context, items: Items) -> ir.Value:
    """Append the items of one step, and return its output."""
    with context.run.nested(step.span):
        match step:
            case Chain():
                return _lower_chain(step, x, context, items)
            case Group():
                return _lower_group(step, x, context, items)
            case Labeled():
                return lower_labeled(step, x, context, items)
            case Merge():
                return lower_merge(step, x, context, items)
            case RepeatTimes() | RepeatFor():
                return lower_repeat(step, x, context, items)
            case If():
                return lower_condition(step, x, context, items)
            case Aux():
                return lower_aux(step, x, context, items)
            case Let():
                return lower_let(step, x, context, items)
            case Broken():
                return ir.Value(None)


def _lower_group(group: Group, x: ir.Value, context: Context, items: Items) -> ir.Value:
    inside = replace(context, scope=context.scope.inner())
    for step in group.steps:
        x = context.run.step(step, x, inside, items)
    return x


def _lower_chain(chain: Chain, x: ir.Value, context: Context, items: Items) -> ir.Value:
    for number, call in enumerate(chain.calls):
        if call.name.id != "ref":
            x = lower_call(call, x, context, items)
        elif number == 0:
            x = lower_reference(call, x, context, items)
        else:
            report_misplaced(call, context)
            x = ir.Value(None)
        x = check_assertion(call, x, context)
    return x
