"""Lower steps to a graph: expand blocks and repeats, and infer every shape.

The channels a layer is given, `cin`, and the condition of an `if` depend on the shapes
before them, so expansion and inference go together, step by step: each step takes the
value that comes in, appends items to the graph, and returns the value that goes on.
After an error that value is of unknown shape, and what depends on it stays silent.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import replace

from archspec.diagnostics.diagnostic import Findings, TooMany
from archspec.frontend.ast import (
    Aux,
    Broken,
    Call,
    Chain,
    Group,
    If,
    Labelled,
    Let,
    Merge,
    RepeatFor,
    RepeatTimes,
    ShapeAssertion,
    Step,
)
from archspec.ir import graph as ir
from archspec.ir.symbolic import Traced, variable, variables
from archspec.lowering.blocks import check_block
from archspec.lowering.branches import lower_choice, lower_merge
from archspec.lowering.calls import lower_call
from archspec.lowering.context import Context, Head, Items, Run
from archspec.lowering.evaluate import describe
from archspec.lowering.heads import check_heads
from archspec.lowering.labels import lower_label, lower_reference, report_misplaced
from archspec.lowering.layers import RANKS
from archspec.lowering.places import producer, report, show_shape
from archspec.lowering.repeats import lower_repeat
from archspec.lowering.scope import Block, Level, Scope, check_new_names
from archspec.lowering.values import evaluate, is_integer
from archspec.ops.op import show

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
    """The items of a network and its output; findings where it does not fit together.

    The document's own `blocks` are looked through even where the network leaves them
    or a part of them out. `asserts` says whether shape assertions count.
    """
    attempts = []
    for believes in (True, False):
        found = Findings()
        run = Run(found, _lower_step, asserts=asserts, believes=believes)
        attempts.append((found, _lowered(net, input, scope.inner(), blocks, run)))
        if not found.has("shape-assertion"):
            break
    # Where an assertion fails, either it or the step before it is wrong: what explains
    # more leaves fewer errors behind it.
    found, lowered = min(attempts, key=lambda attempt: attempt[0].errors)
    with suppress(TooMany):
        findings.extend(found.each())
    return lowered


def _lowered(
    net: Group | None, input: ir.Value, scope: Scope, blocks: Iterable[Block], run: Run
) -> tuple[Body, ir.Value]:
    context = Context(run, scope, Level(), {})
    items: Items = []
    output = ir.Value(None)
    try:
        if net is not None:
            output = _lower_step(net, input, context, items)
            check_heads(output, context)
        for block in blocks:
            check_block(block, context)
    except TooMany:
        output = ir.Value(None)
    return tuple(items), output


def progress(
    net: Group, input: ir.Value, scope: Scope, findings: Findings
) -> Iterator[object]:
    """Lower a network step by step, its shape assertions aside.

    What comes before each step is all that the rest depends on: from equal states on,
    two inputs fare alike.
    """
    run = Run(findings, _lower_step, asserts=False, patience=0)
    context = Context(run, scope.inner(), Level(), {})
    x = input
    try:
        with run.nested(net.span):
            for number, step in enumerate(net.steps):
                yield number, _state(x, context)
                x = _lower_step(step, x, context, [])
        check_heads(x, context)
    except TooMany:
        return


def _state(x: ir.Value, context: Context) -> object:
    if context.scope.values:  # a `let`: its values are of many types
        return object()
    run = context.run
    labels = [(name, y.shape) for name, y in context.labels.items()]
    heads = [(head.name, head.output.shape) for head in run.heads]
    return x.shape, run.layers, run.steps, *labels, *heads


def _lower_step(step: Step, x: ir.Value, context: Context, items: Items) -> ir.Value:
    with context.run.nested(step.span):
        match step:
            case Chain():
                return _lower_chain(step, x, context, items)
            case Group():
                return _lower_group(step, x, context, items)
            case Labelled():
                return _lower_labelled(step, x, context, items)
            case Merge():
                return lower_merge(step, x, context, items)
            case RepeatTimes() | RepeatFor():
                return lower_repeat(step, x, context, items)
            case If():
                return lower_choice(step, x, context, items)
            case Aux():
                return _lower_aux(step, x, context, items)
            case Let():
                return _lower_let(step, x, context, items)
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
            x = lower_reference(call, context, items)
        else:
            report_misplaced(call, context)
            x = ir.Value(None)
        x = _check_assertion(call, x, context)
    return x


# --- labels ---


def _lower_labelled(
    step: Labelled, x: ir.Value, context: Context, items: Items
) -> ir.Value:
    """A call under a name, or a group that is a level of the state dict."""
    name = lower_label(step.label, x, context)
    context.level.next_ordinal()  # a label renames one layer, none after it
    y = _lower_named(step, name, x, context, items)
    context.labels[name.value] = y
    return y


def _lower_named(
    step: Labelled, name: Traced, x: ir.Value, context: Context, items: Items
) -> ir.Value:
    call = _only_call(step.step)
    if call is None:
        return _lower_labelled_group(step, name, x, context, items)
    y = lower_call(call, x, context, items, name)
    return _check_assertion(call, y, context)


def _lower_aux(aux: Aux, x: ir.Value, context: Context, items: Items) -> ir.Value:
    """Heads beside the network: they count as no step, and no `ref` reads them."""
    for step in aux.heads:
        name = lower_label(step.label, x, context)
        made: Items = []
        y = _lower_named(step, name, x, context, made)
        items += [
            ir.Head(item, x, y)
            for item in made
            if isinstance(item, ir.Layer | ir.Module)
        ]
        if not context.blind:
            context.run.heads.append(Head(step, name.value, x, y, context))
    return x


def _only_call(step: Step) -> Call | None:
    if isinstance(step, Chain) and len(step.calls) == 1:
        call = step.calls[0]
        return None if call.name.id == "ref" else call
    return None


def _lower_labelled_group(
    step: Labelled, name: Traced, x: ir.Value, context: Context, items: Items
) -> ir.Value:
    level = Level(context.level.join(name.value))
    inside = replace(
        context.nested(),
        level=level,
        labels={},
        outer_labels=frozenset(context.labels),
    )
    body: Items = []
    y = context.run.step(step.step, x, inside, body)
    items.append(
        ir.Module(
            name=name, path=level.path, block="", definition=None, arguments={},
            given=frozenset(), keyword_only=frozenset(), defaults={},
            body=tuple(body), input=x, output=y, span=step.label.span,
        )
    )  # fmt: skip
    return ir.Value(y.shape, y.producer, step.span, x)


# --- names and shapes ---


def _lower_let(let: Let, x: ir.Value, context: Context, items: Items) -> ir.Value:
    """Names for values; one over the block's parameters is a variable in its class."""
    check_new_names([name for name, _ in let.bindings], context.findings)
    named: dict[str, Traced] = {}
    for name, expression in let.bindings:
        value = evaluate(expression, x, context) if expression else None
        if value is not None and _is_variable(name.id, value, context):
            named[name.id] = value
            value = Traced(value.value, variable(name.id))
        context.scope.values[name.id] = value
    if named:
        items.append(ir.Let(named))
    return x


def _is_variable(name: str, value: Traced, context: Context) -> bool:
    hoists = context.hoists
    if hoists is None or name in hoists or isinstance(value.code, ast.Constant):
        return False
    if name in context.moving | context.counting:
        return False
    if not variables(value.code) <= hoists:
        return False
    hoists.add(name)
    return True


def _check_assertion(call: Call, y: ir.Value, context: Context) -> ir.Value:
    """`-> [96, _, 54]` holds for the shape that a call makes.

    Where that is unknown, after an error, the checks go on from what is asserted.
    """
    if call.assertion is None or not context.run.asserts:
        return y
    wanted = _asserted(call.assertion, y, context)
    if wanted is None:
        return y
    if y.shape is None:
        return y if context.blind else _claimed(wanted, call.assertion)
    if len(wanted) == len(y.shape) and all(
        want in (None, have) for want, have in zip(wanted, y.shape, strict=True)
    ):
        return y
    sizes = ", ".join("_" if want is None else show(want) for want in wanted)
    found = show_shape(y.shape)
    report(
        context,
        "shape-assertion",
        f"expected the shape [{sizes}], found {found}",
        call.assertion.span,
        f"says [{sizes}]",
        related=producer(y.before) if y.before else [],
        help=f"write `-> {found}` if that is what you want",
    )
    if not context.run.believes:
        return y
    if len(wanted) == len(y.shape):
        wanted = [
            have if want is None else want
            for want, have in zip(wanted, y.shape, strict=True)
        ]
    return _claimed(wanted, call.assertion)


def _claimed(sizes: Sequence[int | None], assertion: ShapeAssertion) -> ir.Value:
    """The shape that an assertion claims, where it is one."""
    known = [size for size in sizes if size is not None and size > 0]
    is_whole = len(known) == len(sizes) in RANKS
    return ir.Value(tuple(known) if is_whole else None, span=assertion.span)


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
