"""A call of an op: its attributes, its output shape, its parameters and MACs."""

from __future__ import annotations

from ast import Constant
from collections.abc import Mapping
from functools import cache
from math import prod
from typing import Any, NamedTuple, TypeGuard

from archspec.diagnostics.diagnostic import Label, write
from archspec.diagnostics.source import Span
from archspec.diagnostics.suggest import did_you_mean
from archspec.frontend.ast import Call, Expression, Literal, Name, Tuple
from archspec.ir import graph as ir
from archspec.ir.symbolic import Symbolic, literal, shape_argument
from archspec.lowering.context import Context, Items
from archspec.lowering.provenance import format_shape, producer, report, written_at
from archspec.lowering.references import read_label
from archspec.lowering.values_in_context import evaluate
from archspec.ops.axes import IMAGE, TOKENS, accepts, described, expected, order_to
from archspec.ops.op import Op, no_macs
from archspec.ops.shapes import ShapeError
from archspec.resolve.bind import BoundArguments, is_row
from archspec.resolve.expression_values import Evaluator
from archspec.resolve.partial_call import is_callee
from archspec.resolve.value_text import describe
from archspec.signatures.argument_types import BOOLEAN, LABEL
from archspec.signatures.signature import Like, Parameter

MAX_SIZE = 2**31  # of an axis
LABEL_NAME = "label"  # the parameter that takes a label
LARGE = 2**20  # an axis that is larger than any kernel


class OpCall(NamedTuple):
    """A call of an op, with its arguments bound."""

    call: Call
    op: Op
    bound: BoundArguments


def lower_op_call(
    layer: OpCall, x: ir.Value, context: Context, items: Items, name: Symbolic
) -> ir.Value:
    """Add a node to the graph; after an error its output has an unknown shape."""
    op, span = layer.op, layer.call.span
    reads = None
    if op.reads_label:
        reads = read_label(layer.bound.values[LABEL_NAME], x, context)
    others = (reads.value if reads else ir.Value(None),) if op.reads_label else ()
    attributes = _attributes(layer, x, context)
    if attributes is not None and op.undoes and x.shape is not None:
        attributes = _undone(layer, x, context)
    shape = None
    if attributes is not None:
        shape = _shape(layer, attributes, x, context, others)
    path = context.level.join(name.value)
    inputs = (x, *others)
    node = make_node(op.name, attributes or {}, inputs, shape, path, span, context)
    node.output.before = x
    counts = op.weights or op.macs is not no_macs
    if counts and shape is not None and x.shape is not None:
        before, after = x.shape.plain(), shape.plain()
        values = node.values
        node.weights = op.count_parameters(before, after, **values)
        node.macs = op.macs(before, after, **values)
    node.is_labeled = name.value in context.level.labels
    bound = layer.bound
    items.append(ir.Layer(name, node, reads, bound.called, bound.preset))
    return node.output


def make_node(
    op: str,
    attributes: Mapping[str, Symbolic],
    inputs: tuple[ir.Value, ...],
    shape: ir.Shape | None,
    path: str,
    span: Span,
    context: Context,
) -> ir.Node:
    """A node with its output, counted against the bound on layers."""
    context.run.count_layer(span)
    output = ir.Value(shape, span=span)
    node = ir.Node(
        op, attributes, inputs, output, path, context.block, span, context.calls
    )
    output.producer = node
    return node


# --- attributes ---


def _attributes(
    layer: OpCall, x: ir.Value, context: Context
) -> dict[str, Symbolic] | None:
    """The value of every parameter; None if one is unknown or has an error.

    Those that are the same however often the call is expanded are computed once.
    """
    op, bound = layer.op, layer.bound
    if not bound.values and not bound.known:
        return _default_attributes(op)
    constants = context.run.constant_attributes
    before = constants.get(id(bound.values), {})
    if len(before) == len(op.parameters):
        return before
    found: dict[str, Symbolic | None] = {}
    for parameter in op.parameters:
        name, default = parameter.name, parameter.default
        if name in before:
            found[name] = before[name]
        elif name in bound.values:
            found[name] = _argument(op, parameter, bound.values[name], x, context)
        elif name in bound.known:
            found[name] = bound.known[name]
        elif isinstance(default, Like):
            other = found[default.parameter]
            found[name] = other and literal(other.value)
        else:
            found[name] = literal(default)
    known = {name: value for name, value in found.items() if value is not None}
    if len(known) < len(found):
        return None
    if not bound.known and not before:
        constants[id(bound.values)] = {
            parameter.name: known[parameter.name]
            for parameter in op.parameters
            if _is_constant(parameter, bound)
        }
    return known


def _is_constant(parameter: Parameter, bound: BoundArguments) -> bool:
    """Whether an attribute depends on no name."""
    expression = bound.values.get(parameter.name)
    if expression is not None:
        return _is_literal(expression)
    default = parameter.default
    return not isinstance(default, Like) or _is_literal(bound.values[default.parameter])


def _is_literal(expression: Expression) -> bool:
    if isinstance(expression, Tuple):
        return all(map(_is_literal, expression.items))
    return isinstance(expression, Literal)


@cache
def _default_attributes(op: Op) -> dict[str, Symbolic]:
    """The attributes of a call without arguments."""
    return {name: literal(value) for name, value in op.defaults({}).items()}


def _argument(
    op: Op, parameter: Parameter, expression: Expression, x: ir.Value, context: Context
) -> Symbolic | None:
    if parameter.type is LABEL:
        return literal(expression.span.text)
    if (
        isinstance(expression, Name)
        and expression.id in parameter.type.words
        and not context.scope.has(expression.id)
    ):
        return literal(expression.id)
    if _is_mistyped_word(expression, parameter, context):
        _report_word(op, parameter, expression, context)
        return None
    value = evaluate(expression, x, context)
    if value is None or parameter.type.accepts(value.value):
        return value
    _report_argument(op, parameter, expression, value.value, context)
    return None


def _is_mistyped_word(
    expression: Expression, parameter: Parameter, context: Context
) -> TypeGuard[Name]:
    """Whether an undefined name is given where a word such as `same` is possible."""
    return (
        isinstance(expression, Name)
        and bool(parameter.type.words)
        and not Evaluator(context.scope, None).knows(expression.id)
    )


def _report_word(op: Op, parameter: Parameter, word: Name, context: Context) -> None:
    report(
        context,
        "invalid-argument",
        f"`{parameter.shown}` of `{op.name}` expects {parameter.type.expected}, "
        f"found `{word.id}`",
        word.span,
        help=did_you_mean(word.id, {*parameter.type.words, *context.scope.names()}),
    )


def _report_argument(
    op: Op, parameter: Parameter, expression: Expression, found: Any, context: Context
) -> None:
    is_number = isinstance(found, int | float) and not isinstance(found, bool)
    needs_integer = isinstance(found, float) and parameter.type.is_integer
    is_tuple = isinstance(found, tuple) and 1 <= len(found) <= 3
    is_wrong_type = needs_integer or not (is_number or is_tuple)
    is_wrong_type |= parameter.type is BOOLEAN
    report(
        context,
        "invalid-argument-type" if is_wrong_type else "invalid-argument",
        f"`{parameter.shown}` of `{op.name}` expects {parameter.type.expected}, "
        f"found {describe(found)}",
        expression,
        help=_help_with_value(expression, found, needs_integer=needs_integer)
        or _help_with_computed(expression, context),
    )


def _help_with_value(
    expression: Expression, found: object, *, needs_integer: bool
) -> str:
    value = expression.value if isinstance(expression, Literal) else None
    if isinstance(value, str) and value.isdigit():
        return write(value, " without quotes")
    if isinstance(value, float) and value.is_integer() and needs_integer:
        return write(str(int(value)))
    if needs_integer and not isinstance(expression, Literal):
        return "use `//`, `int(...)` or `round(...)` for an integer"
    if is_callee(found):
        return "give it a number: a step of its own follows after `|`"
    return ""


def _help_with_computed(expression: Expression, context: Context) -> str:
    at, _ = written_at(expression, context)
    if isinstance(expression, Literal):
        return ""
    if any(map(str.isalpha, at.text)):
        return "change the expression, or a value that it reads"
    return "give the block another value"  # which passes it on


def _undone(layer: OpCall, x: ir.Value, context: Context) -> dict[str, Symbolic] | None:
    """The arguments and the input of the op that this one undoes, on its path."""
    undone, open_pairs = layer.op.undoes, 1
    node = x.producer
    while node is not None:
        open_pairs += (node.op == layer.op.name) - (node.op == undone)
        shape = node.inputs[0].shape if node.inputs else None
        if not open_pairs and shape is not None:
            *_, height, width = shape
            values = {**node.values, "height": height, "width": width}
            return {name: literal(value) for name, value in values.items()}
        node = node.inputs[0].producer if node.inputs else None
    report(
        context,
        "unpaired-op",
        f"`{layer.op.name}` requires an earlier `{undone}`",
        layer.call.span,
        help=f"put `{undone}(...)` before it",
    )
    return None


# --- shapes ---


def _shape(
    layer: OpCall,
    attributes: Mapping[str, Symbolic],
    x: ir.Value,
    context: Context,
    others: tuple[ir.Value, ...] = (),
) -> ir.Shape | None:
    """The output shape by the op's own rule; None, with a finding, if there is none."""
    op, call = layer.op, layer.call
    values = {
        name: item.value if isinstance(item.code, Constant) else shape_argument(item)
        for name, item in attributes.items()
        if name != LABEL_NAME
    }
    like = [other.shape for other in others]
    if x.shape is None or None in like:
        is_finished = not context.values_unknown  # a block that nobody calls may not be
        if is_finished and not values.keys().isdisjoint({"kernel_size", "dims"}):
            _check_for_any_input(layer, values, context)
        return None
    if not accepts(op.takes, x.shape.axes):
        _report_axes(layer, x.shape, producer(x), context)
        if x.shape.axes == "CHW" and "C" in op.takes:  # as if it were flattened
            return op.shape(ir.Shape((prod(x.shape),), "C"), **values)
        return None
    try:
        shape = op.shape(x.shape, *like, **values)
    except ShapeError as error:
        _report_shape(layer, error, x, context)
        if error.parameter == "groups":  # they change no shape
            known = {**attributes, "groups": literal(1)}
            return _shape(layer, known, x, context, others)
        return None
    if max(shape) > MAX_SIZE:
        report(
            context,
            "number-too-large",
            f"the output would be {format_shape(shape)}",
            call.span,
            help=f"an axis has at most {MAX_SIZE:,} items",
        )
        return None
    return shape


def _check_for_any_input(
    layer: OpCall, values: Mapping[str, Any], context: Context
) -> None:
    """Report what is wrong for any input, such as a padding over half of the kernel."""
    errors: list[ShapeError] = []
    groups = values.get("groups", 1)
    for axes in layer.op.takes:
        shape = ir.Shape((groups if axis == "C" else LARGE for axis in axes), axes)
        try:
            layer.op.shape(shape, **values)
        except ShapeError as raised:
            errors.append(raised)
    if len(errors) < len(layer.op.takes):
        return
    error = errors[-1]
    at = layer.bound.values.get(error.parameter) or layer.call.span
    report(context, error.code, error.message, at)


def _report_shape(
    layer: OpCall,
    error: ShapeError,
    x: ir.Value,
    context: Context,
) -> None:
    assert x.shape is not None
    report(
        context,
        error.code,
        error.message,
        layer.bound.values.get(error.parameter) or layer.call.span,
        related=producer(x),
        help=error.help,
    )


def _report_axes(
    layer: OpCall, found: ir.Shape, made: list[Label], context: Context
) -> None:
    """Report an input whose axes, or their order, the op does not take."""
    op = layer.op
    is_unflattened = found.axes == "CHW" and "C" in op.takes
    report(
        context,
        "unflattened-input" if is_unflattened else "wrong-rank",
        f"`{op.name}` expects {expected(op.takes)}, found {format_shape(found)}, "
        f"{described(found.axes)}",
        layer.call.span,
        related=made,
        help=_way(layer, found),
    )


def _way(layer: OpCall, found: ir.Shape) -> str:
    """Help with the steps that make what an op takes."""
    takes, call = layer.op.takes, layer.call
    text = " ".join(call.span.text.split())
    order = order_to(found, takes)
    permuted = f"`permute({', '.join(map(str, order))}) | {text}`" if order else ""
    if found.axes == "C":
        return "move it before the step that flattens the image"
    if found.axes == "LC" and IMAGE[0] in takes:
        return f"move it before `tokens`, or write {permuted} for a signal"
    if is_row(call) and "C" in takes:
        return "put `flatten` before the repeat"
    ways = []
    if "C" in takes:
        ways.append(f"`flatten | {text}`")
        if found.axes == "CHW" and found.spatial != (1, 1):
            ways.append(f"`global_avgpool | flatten | {text}`")
    elif TOKENS[0] in takes and found.axes == "CHW":
        ways.append(f"`tokens | {text}`")
    if found.axes == "CL" and TOKENS[0] in takes:
        permuted += ", or `transpose` in place of `permute` before it"
    if permuted and len(ways) < 2:  # three are too many to read
        ways.append(permuted)
    return f"write {', or '.join(ways)}" if ways else ""
