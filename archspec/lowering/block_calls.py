"""A call of a block: evaluate its arguments, and expand its body.

The body sees the parameters by name, so that all calls share one class:

    residual(64, s=2)  ->  Module(arguments={cout: 64, s: 2}), in which
    conv(cout, k=3, s=s) has the attributes 64 with the code `cout`, 2 with the code `s`
"""

from __future__ import annotations

import ast
from collections.abc import Mapping
from typing import NamedTuple

from archspec.diagnostics.diagnostic import Label, Replacement
from archspec.frontend.ast import Call, Group, Parameter, Tuple
from archspec.ir import graph as ir
from archspec.ir.symbolic import (
    Symbolic,
    code_of,
    constant,
    dependencies,
    substitute,
    variable,
)
from archspec.lowering.ambiguous_indices import report_ambiguous_indices
from archspec.lowering.context import (
    MAX_UNKNOWN,
    CallerArgument,
    Context,
    Items,
    LoopVariables,
)
from archspec.lowering.labels import Labels
from archspec.lowering.loop_channels import leaving
from archspec.lowering.provenance import report
from archspec.lowering.state_dict_names import Level
from archspec.lowering.symbolic_channels import (
    channels_as,
    channels_forgotten,
    symbolic_channels,
    with_channels,
)
from archspec.lowering.values_in_context import evaluate
from archspec.resolve.bind import BoundArguments, tuple_of
from archspec.resolve.partial_call import has_callee, is_callee
from archspec.resolve.scope import CIN, Block, Scope, check_new_names
from archspec.resolve.slots import pattern_key
from archspec.resolve.value_code import constant_or_name, without_names
from archspec.resolve.value_text import describe

Arguments = Mapping[str, Symbolic | None]  # None: unknown
CIN_CODE = variable(CIN)


class BlockCall(NamedTuple):
    """A call of a block, with its arguments bound."""

    call: Call
    block: Block
    bound: BoundArguments


def lower_block_call(
    module: BlockCall, x: ir.Value, context: Context, items: Items, name: Symbolic
) -> ir.Value:
    """Expand the block's body with this call's arguments."""
    block = module.block
    arguments = _arguments(module, x, context)
    if context.values_unknown and not context.run.is_first_visit(block):
        return ir.Value(None)
    if x.shape is None and context.run.steps > MAX_UNKNOWN:
        return x
    known = {key: value for key, value in arguments.items() if value is not None}
    remembered, key = context.run.block_outputs, None
    if remembered and not context.values_unknown:
        key = remembered.key(block, arguments, x)
        if y := remembered.outputs.get(key):
            return _output_for_caller(y, x, known, module.call)
    errors = context.findings.errors
    path = context.level.join(name.value)
    inside = _inside(module, arguments, path, x, context)
    body: Items = []
    if block in context.stack:
        context.run.enter_recursion(module.call)
    y = _lower_body(block, with_channels(x, CIN_CODE), inside, body)
    y = leaving(y, inside)
    if block in context.stack:
        context.run.recursive_calls.pop()
    if remembered and key and context.findings.errors == errors and y.shape is not None:
        remembered.outputs[key] = y
    is_labeled = name.value in context.level.labels
    place = name, path, tuple(body)
    items.append(_graph_module(module, known, place, (x, y), is_labeled=is_labeled))
    return _output_for_caller(y, x, known, module.call)


def check_block(block: Block, context: Context) -> None:
    """Check the names and arguments in a block, whatever calls it."""
    scope = Scope(block.environment, None, dict.fromkeys(block.environment.params))
    scope.values[CIN] = None
    inside = Context(
        context.run,
        scope,
        Level(has_all_layers=False),
        Labels(block.definition.body),
        LoopVariables(),
        block=block.name,
        stack=(block,),
        values_unknown=True,
    )
    check_new_names([block.definition.name], context.findings)
    report_ambiguous_indices(block.definition.body, context.findings)
    for parameter in block.definition.parameters:
        check_new_names(parameter.names, context.findings)
        if parameter.default is not None:
            evaluate(parameter.default, ir.Value(None), inside)
        scope.values |= dict.fromkeys(name.id for name in parameter.names)
    if context.run.is_first_visit(block):
        _lower_body(block, ir.Value(None), inside, [])


def _inside(
    module: BlockCall, arguments: Arguments, path: str, x: ir.Value, context: Context
) -> Context:
    """The context of the body: its document's params and its own parameters."""
    block = module.block
    if context.values_unknown:  # the body is checked once, for all of its calls
        arguments = dict.fromkeys(arguments)
    values = {key: _as_parameter(key, value) for key, value in arguments.items()}
    cin = None if x.shape is None else int(x.shape.channels)
    values[CIN] = None if cin is None else Symbolic(cin, CIN_CODE)
    return Context(
        run=context.run,
        scope=block.environment.scope.inner(values),
        level=Level(path, block.is_plain_chain),
        labels=Labels(block.definition.body),
        loops=LoopVariables(),
        block=block.name,
        calls=(*context.calls, module.call.span),
        caller=context,
        given=_given(module, values),
        stack=(*context.stack, block),
        repetitions=context.repetitions,
        hoistable={
            CIN,
            *arguments,
            *map(ir.param_name, block.environment.params),
        },
        values_unknown=context.values_unknown,
    )


def _given(module: BlockCall, values: Arguments) -> dict[str, CallerArgument]:
    """The arguments by the names in the body; the items of a tuple one by one."""
    found: dict[str, CallerArgument] = {}
    block = module.block
    for parameter, slot in zip(
        block.definition.parameters, block.slots.each, strict=True
    ):
        written = module.bound.values.get(slot.key)
        if written is None:
            continue
        parts = [written] * len(parameter.names)
        if isinstance(written, Tuple) and len(written.items) == len(parts) > 1:
            parts = [*written.items]
        for name, part in zip(parameter.names, parts, strict=True):
            found[name.id] = part, values[name.id]
    return found


def _as_parameter(name: str, value: Symbolic | None) -> Symbolic | None:
    """An argument as the body sees it: under the parameter's name."""
    if value is None:
        return None
    if has_callee(value.value):
        value = without_names(value)
        if not is_callee(value.value):
            return value
    return Symbolic(value.value, variable(name))


def _lower_body(block: Block, x: ir.Value, context: Context, items: Items) -> ir.Value:
    """Lower the steps of a body in one scope: a `let` holds for the steps after it."""
    body = block.definition.body
    for step in body.steps if isinstance(body, Group) else (body,):
        x = context.run.step(step, x, context, items)
    return x


def _graph_module(
    module: BlockCall,
    arguments: Mapping[str, Symbolic],
    place: tuple[Symbolic, str, tuple[ir.Item, ...]],
    ends: tuple[ir.Value, ir.Value],
    *,
    is_labeled: bool,
) -> ir.Module:
    """The graph's item for the call."""
    definition = module.block.definition
    stated = {*module.bound.values, *module.bound.known}
    pairs = zip(definition.parameters, module.block.slots.each, strict=True)
    given = [name.id for p, slot in pairs if slot.key in stated for name in p.names]
    return ir.Module(
        name=place[0],
        is_labeled=is_labeled,
        path=place[1],
        block=module.block.name,
        definition=module.block,
        arguments=arguments,
        given=frozenset(given),
        keyword_only=module.block.keyword_only,
        defaults=module.block.constant_defaults,
        body=place[2],
        input=ends[0],
        output=ends[1],
        span=module.call.span,
        called=module.bound.called,
        preset=module.bound.preset,
        signature=module.block.signature,
        about=definition.about,
    )


def _output_for_caller(
    y: ir.Value, x: ir.Value, arguments: Mapping[str, Symbolic], call: Call
) -> ir.Value:
    """The output with its channels as an expression over the caller's parameters."""
    if y.shape is None:
        return ir.Value(None)
    code = code_of(y.shape.channels)
    known = {name: argument.code for name, argument in arguments.items()}
    if x.shape is not None:
        known[CIN] = code_of(x.shape.channels)
    if any(name not in known and not ir.is_param(name) for name in dependencies(code)):
        shape = channels_forgotten(y.shape, *known.values())  # a loop variable decides
    elif isinstance(code, ast.Constant):
        shape = channels_forgotten(y.shape, substitute(code, known))
    else:
        shape = channels_as(y.shape, substitute(code, known))
    return ir.Value(shape, y.producer, call.span, x)


# --- arguments ---


def _arguments(
    module: BlockCall, x: ir.Value, context: Context
) -> dict[str, Symbolic | None]:
    """The value of each parameter, as an expression over the caller's; None: unknown.

    A default may read the parameters before it.
    """
    block, given = module.block, module.bound
    before = block.environment.scope.inner({CIN: symbolic_channels(x)})
    inside = context._replace(
        scope=before,
        block=block.name,
        calls=(*context.calls, module.call.span),
        caller=context,
        given={},
    )
    found: dict[str, Symbolic | None] = {}
    for parameter, slot in zip(
        block.definition.parameters, block.slots.each, strict=True
    ):
        value: Symbolic | None
        if slot.key in given.values:
            value = evaluate(given.values[slot.key], x, context)
        elif slot.key in given.known:
            value = given.known[slot.key]
        else:
            assert parameter.default is not None
            value = evaluate(parameter.default, x, inside)
        if parameter.is_pattern and value is not None:
            values = _pattern(parameter, value, module, context)
        else:
            values = dict.fromkeys((name.id for name in parameter.names), value)
        before.values |= values
        found |= values
    return found


def _pattern(
    parameter: Parameter, value: Symbolic, module: BlockCall, context: Context
) -> dict[str, Symbolic | None]:
    """The parts of a tuple by the names of its pattern."""
    names, items = [name.id for name in parameter.names], value.value
    if not isinstance(items, tuple) or len(items) != len(names):
        _report_pattern(parameter, value, module, context)
        return dict.fromkeys(names)
    return {
        name: Symbolic(item, _part(value.code, number, item))
        for number, (name, item) in enumerate(zip(names, items, strict=True))
    }


def _part(code: ast.expr, number: int, item: object) -> ast.expr:
    """The expression of one item of a tuple."""
    if has_callee(item):
        return constant_or_name(item)
    if isinstance(code, ast.Tuple):
        return code.elts[number]
    return ast.Subscript(code, constant(number), ast.Load())


def _report_pattern(
    parameter: Parameter, value: Symbolic, module: BlockCall, context: Context
) -> None:
    key, count = pattern_key(parameter.names), len(parameter.names)
    found = value.value
    is_tuple = isinstance(found, tuple)
    expects = f"takes {count} values" if is_tuple else f"expects {tuple_of(count)}"
    is_number = isinstance(value.value, int | float)
    items = [str(value.value) if is_number else "1"] * count
    text = f"({', '.join(items)})"
    help = f"write `{text}`, with your own values"
    report(
        context,
        "invalid-argument",
        f"`{key}` of `{module.block.name}` {expects}, "
        f"found {len(found) if isinstance(found, tuple) else describe(found)}",
        module.bound.values[key],
        related=[Label(module.block.definition.signature, "the signature")],
        help=Replacement(help, text, is_strong=False) if is_number else help,
    )
