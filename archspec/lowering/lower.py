"""Lower steps to a graph: expand blocks and repeats, and infer every shape.

The channels a layer is given, `cin`, and the condition of an `if` depend on the shapes
before them, so expansion and inference go together, step by step. After an error the
value is of unknown shape, and what depends on it stays silent.
"""

from __future__ import annotations

import ast
import keyword
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, NoReturn

from archspec.diagnostics.diagnostic import Findings, Label
from archspec.diagnostics.source import Span
from archspec.diagnostics.suggest import did_you_mean
from archspec.frontend.ast import (
    Broken,
    Call,
    Chain,
    Expression,
    Group,
    If,
    Labelled,
    Let,
    Literal,
    Merge,
    Name,
    RepeatFor,
    RepeatTimes,
    ShapeAssertion,
    Step,
    StepLabel,
)
from archspec.ir import graph as ir
from archspec.ir.symbolic import (
    SymbolicInt,
    Traced,
    code_of,
    constant,
    same,
    substitute,
    symbolic,
    variable,
    variables,
)
from archspec.lowering.bind import Bound, bind, pattern_key
from archspec.lowering.evaluate import (
    Evaluator,
    Unknown,
    ValueFault,
    describe,
)
from archspec.lowering.module_names import MODULE_NAMES
from archspec.lowering.scope import Block, Callee, Level, Scope
from archspec.ops.merging import MERGES, chunk_shape
from archspec.ops.op import Op, Parameter, ShapeFault, channels, show

MAX_NODES = 20_000  # after expansion; ResNet-1001 has 3,500
MAX_BLOCK_DEPTH = 30
CIN = "cin"  # the variable for a block's input channels

Items = list[ir.Item]


@dataclass(frozen=True, slots=True)
class Context:
    """Where a step stands: its scope, its level of the state dict, the calls around."""

    scope: Scope
    level: Level
    labels: dict[str, ir.Value]  # of this body, for `ref`
    block: str = ""
    calls: tuple[Span, ...] = ()
    stack: tuple[Block, ...] = ()
    active: frozenset[str] = frozenset()  # variables of the loops around
    hoists: set[str] | None = None  # names a `let` may give a variable of its own
    loops: list[str] = field(default_factory=list)  # loop variables of this class


class _TooMany(Exception):  # noqa: N818  # control flow: the finding is recorded
    """The network is larger than the bound."""


def lower_net(
    net: Group, input: ir.Value, scope: Scope, findings: Findings
) -> tuple[tuple[ir.Item, ...], ir.Value]:
    """The items of a network and its output; findings where it does not fit together."""
    items: Items = []
    context = Context(scope, Level(), {})
    try:
        output = _Lowering(findings).step(net, input, context, items)
    except _TooMany:
        output = ir.Value(None)
    return tuple(items), output


def check_unused(block: Block, findings: Findings) -> None:
    """Check what can be known of a block that nothing calls: names and arguments."""
    names = [n.id for p in block.definition.parameters for n in p.names]
    scope = Scope(block.environment, None, {**dict.fromkeys(names), CIN: None})
    context = Context(scope, Level(), {}, block.name, (), (block,))
    try:
        _Lowering(findings).step(block.definition.body, ir.Value(None), context, [])
    except _TooMany:
        return


class _Lowering:
    def __init__(self, findings: Findings) -> None:
        self.findings = findings
        self.nodes = 0

    # --- steps: each appends items and returns the value that goes on ---

    def step(self, step: Step, x: ir.Value, context: Context, items: Items) -> ir.Value:
        match step:
            case Chain():
                return self.chain(step, x, context, items)
            case Group():
                return self.group(step, x, context, items)
            case Labelled():
                return self.labelled(step, x, context, items)
            case Merge():
                return self.merge(step, x, context, items)
            case RepeatTimes() | RepeatFor():
                return self.repeat(step, x, context, items)
            case If():
                return self.choice(step, x, context, items)
            case Let():
                return self.let(step, x, context, items)
            case Broken():
                return ir.Value(None)

    def group(
        self, group: Group, x: ir.Value, context: Context, items: Items
    ) -> ir.Value:
        inner = replace(context, scope=context.scope.inner())
        for step in group.steps:
            x = self.step(step, x, inner, items)
        return x

    def chain(
        self, chain: Chain, x: ir.Value, context: Context, items: Items
    ) -> ir.Value:
        for number, call in enumerate(chain.calls):
            if call.name.id == "ref" and not context.scope.has("ref"):
                x = self.reference(call, context, items, first=number == 0)
            else:
                x = self.call(call, x, context, items, None)
            if call.assertion:
                self.check_assertion(call.assertion, x, context)
        return x

    def labelled(
        self, step: Labelled, x: ir.Value, context: Context, items: Items
    ) -> ir.Value:
        name = self.label(step.label, x, context)
        context.level.next_ordinal()  # a label renames one layer, none after it
        inner = step.step
        if isinstance(inner, Chain) and len(inner.calls) == 1:
            call = inner.calls[0]
            if call.name.id != "ref":
                y = self.call(call, x, context, items, name)
                if call.assertion:
                    self.check_assertion(call.assertion, y, context)
                context.labels[name.value] = y
                return y
        level = Level(context.level.join(name.value))
        body: Items = []
        inside = replace(context, level=level, labels={}, hoists=None)
        y = self.step(inner, x, inside, body)
        items.append(
            ir.Module(
                name=name, path=level.path, block="", definition=None, arguments={},
                given=frozenset(), keyword_only=frozenset(), defaults={},
                body=tuple(body), input=x, output=y, span=step.label.span,
            )
        )  # fmt: skip
        y = ir.Value(y.shape, y.producer, step.span, x)
        context.labels[name.value] = y
        return y

    def merge(
        self, merge: Merge, x: ir.Value, context: Context, items: Items
    ) -> ir.Value:
        entry = self.chunk(merge, x) if merge.kind == "split" else x
        branches: list[tuple[ir.Item, ...]] = []
        outputs = []
        for branch in merge.branches:
            inside: Items = []
            scoped = replace(context, scope=context.scope.inner(), hoists=None)
            outputs.append(self.step(branch, entry, scoped, inside))
            branches.append(tuple(inside))
        kind = "concat" if merge.kind == "split" else merge.kind
        shape = self.merged_shape(kind, merge, outputs)
        node = self.node(kind, {}, tuple(outputs), shape, "", merge.span, context)
        items.append(ir.Merge(node, tuple(branches), merge.kind == "split"))
        node.output.before = x
        return node.output

    def chunk(self, merge: Merge, x: ir.Value) -> ir.Value:
        if x.shape is None:
            return x
        try:
            shape = chunk_shape(x.shape, len(merge.branches))
        except ShapeFault as fault:
            self.report_shape(fault, merge.span, x)
            return ir.Value(None)
        return ir.Value(shape, x.producer, merge.span, x)

    def merged_shape(
        self, kind: str, merge: Merge, outputs: list[ir.Value]
    ) -> ir.Shape | None:
        shapes = [y.shape for y in outputs if y.shape is not None]
        if len(shapes) < len(outputs):
            return None
        try:
            return MERGES[kind](shapes)
        except ShapeFault as fault:
            related = [
                Label(branch.span, f"makes {show_shape(y.shape)}")
                for branch, y in zip(merge.branches, outputs, strict=True)
            ]
            self.findings.error(
                fault.code, fault.message, merge.span, related=related, help=fault.help
            )
            return None

    def choice(self, step: If, x: ir.Value, context: Context, items: Items) -> ir.Value:
        condition = self.value(step.condition, x, context)
        if condition is None:  # look into both arms for mistakes of their own
            for arm in (step.then, step.otherwise):
                inside = replace(context, level=Level(), labels=dict(context.labels))
                self.step(arm, ir.Value(None), inside, [])
            return ir.Value(None)
        arm = step.then if condition.value else step.otherwise
        body: Items = []
        y = self.step(arm, x, replace(context, hoists=None), body)
        items.append(
            ir.Choice(Traced(bool(condition.value), condition.code), tuple(body))
        )
        return y

    def let(self, let: Let, x: ir.Value, context: Context, items: Items) -> ir.Value:
        named: dict[str, Traced] = {}
        for name, expression in let.bindings:
            self.check_new_name(name)
            value = self.value(expression, x, context)
            context.scope.values[name.id] = value
            hoists = context.hoists
            if value is None or hoists is None or name.id in hoists:
                continue
            if (
                not isinstance(value.code, ast.Constant)
                and variables(value.code) <= hoists
            ):
                hoists.add(name.id)
                named[name.id] = value
                context.scope.values[name.id] = Traced(value.value, variable(name.id))
        if named:
            items.append(ir.Let(named))
        return x

    def reference(
        self, call: Call, context: Context, items: Items, *, first: bool
    ) -> ir.Value:
        names = [a.value for a in call.arguments]
        if (
            len(names) != 1
            or not isinstance(names[0], Name)
            or call.arguments[0].keyword
        ):
            self.findings.error(
                "invalid-syntax",
                "`ref` takes the name of one label",
                call.span,
                help="write `ref(stem)` for the output of the step `stem: ...`",
            )
            return ir.Value(None)
        name = names[0]
        if not first:
            self.findings.error(
                "misplaced-ref",
                "`ref` drops what the chain has made so far",
                call.span,
                help=f"start a chain with it: `ref({name.id}) | ...`",
            )
            return ir.Value(None)
        if name.id not in context.labels:
            known = ", ".join(f"`{label}`" for label in context.labels)
            self.findings.error(
                "dangling-ref",
                f"no earlier step of this body has the label `{name.id}`",
                name.span,
                help=did_you_mean(name.id, context.labels)
                or (
                    f"the labels so far are {known}"
                    if known
                    else f"label the step to read: `{name.id}: ...`"
                ),
            )
            return ir.Value(None)
        value = context.labels[name.id]
        items.append(ir.Reference(name.id, value))
        return value

    # --- repeats ---

    def repeat(
        self, step: RepeatTimes | RepeatFor, x: ir.Value, context: Context, items: Items
    ) -> ir.Value:
        rows = self.rows(step, x, context)
        if rows is None:
            unknown = dict.fromkeys(["i", *_column_names(step)])
            scope = context.scope.inner(unknown)
            inside = replace(context, scope=scope, level=Level(), hoists=None)
            return self.step(step.body, ir.Value(None), inside, [])
        names, traced_rows = rows
        index = _fresh("i", context)
        columns = {name: _fresh(name, context) for name in names}
        moving = f"channels_{len(context.loops) + 1}" if context.loops else "channels"
        context.loops.append(moving)
        entry, before, updates, iterations = None, x, [], []
        variables_: list[dict[str, Any]] = []
        for number, row in enumerate(traced_rows.value):
            bindings: dict[str, Traced | None] = {"i": Traced(number, variable(index))}
            for name, value in zip(names, row, strict=True):
                code = variable(columns[name])
                is_callee = isinstance(value, Op | Block)
                bindings[name] = Traced(
                    value, constant(value.name) if is_callee else code
                )
            variables_.append(
                {index: number, **dict(zip(columns.values(), row, strict=True))}
            )
            scope = context.scope.inner(bindings)
            active = context.active | {index, *columns.values()}
            inside = replace(context, scope=scope, active=active, hoists=None)
            entry = entry or _channels_code(x)
            body: Items = []
            y = self.step(step.body, _with_channels(x, variable(moving)), inside, body)
            iterations.append(tuple(body))
            updates.append(_channels_code(y))
            x = y
            if x.shape is None:
                break
        update = updates[0] if _all_same(updates) else None
        items.append(
            ir.Repeat(
                iterations=tuple(iterations),
                index=index,
                variables=tuple(variables_),
                rows=traced_rows,
                channels=moving,
                entry=entry or constant(None),
                update=update,
            )
        )
        return _after_repeat(x, before, moving, entry, update, set(variables_[0]))

    def rows(
        self, step: RepeatTimes | RepeatFor, x: ir.Value, context: Context
    ) -> tuple[list[str], Traced] | None:
        """The loop's columns, and its rows with the Python that makes them."""
        if isinstance(step, RepeatTimes):
            times = self.value(step.times, x, context)
            if times is None:
                return None
            span = step.times.span
            if not isinstance(times.value, int) or isinstance(times.value, bool):
                self.findings.error(
                    "invalid-argument-type",
                    f"expected a number of times, found {describe(times.value)}",
                    span,
                )
                return None
            if not self.check_times(times.value, span):
                return None
            return [], Traced(((),) * times.value, times.code)
        columns = [self.column(column, x, context) for column in step.columns]
        whole = [column for column in columns if column is not None]
        if len(whole) < len(columns):
            return None
        lengths = [len(column.value) for column in whole]
        if len(set(lengths)) > 1:
            shown = ", ".join(
                f"`{c.name.id}` has {n}"
                for c, n in zip(step.columns, lengths, strict=True)
            )
            self.findings.error(
                "unequal-columns",
                f"the columns of `for` need one length: {shown}",
                step.columns[lengths.index(min(lengths))].values.span,
            )
            return None
        if not self.check_times(lengths[0], step.columns[0].values.span):
            return None
        values = tuple(zip(*(column.value for column in whole), strict=True))
        code = ast.Tuple([column.code for column in whole], ast.Load())
        return [column.name.id for column in step.columns], Traced(values, code)

    def column(self, column: Any, x: ir.Value, context: Context) -> Traced | None:
        self.check_new_name(column.name)
        values = self.value(column.values, x, context)
        if values is not None and not isinstance(values.value, tuple):
            self.findings.error(
                "invalid-argument-type",
                f"expected a list for `{column.name.id}`, found {describe(values.value)}",
                column.values.span,
                help=f"write `{column.name.id}: [{column.values.span.text}]` for one row",
            )
            return None
        return values

    def check_times(self, times: int, span: Span) -> bool:
        if times < 1:
            self.findings.error(
                "empty-repeat",
                f"expected at least one time, found {times}",
                span,
                help="leave the step out, or put it under `if:`",
            )
        elif times > MAX_NODES:
            self.too_many(span)
        return 1 <= times <= MAX_NODES

    # --- calls ---

    def call(
        self,
        call: Call,
        x: ir.Value,
        context: Context,
        items: Items,
        name: Traced | None,
    ) -> ir.Value:
        callee = self.callee(call, context)
        if callee is None:
            return ir.Value(None)
        bound = bind(call, callee, self.findings)
        if bound is None:
            if name is None:
                context.level.next_ordinal()
            return ir.Value(None)
        name = name or _ordinal(context.level)
        fits = self.check_in_channels(call, callee, bound, x, context)
        if isinstance(callee, Op):
            return self.layer(call, callee, bound, x, context, items, name, fits=fits)
        return self.module(call, callee, bound, x, context, items, name, fits=fits)

    def callee(self, call: Call, context: Context) -> Callee | None:
        name = call.name
        scope = context.scope
        if scope.has(name.id):
            known = scope.get(name.id)
            if known is None:
                return None
            if isinstance(known.value, Op | Block):
                return known.value
            self.findings.error(
                "not-callable",
                f"`{name.id}` is {describe(known.value)}, not an op or block",
                name.span,
            )
            return None
        callee = scope.environment.callees.get(name.id)
        if callee is None:
            self.findings.error(
                "unknown-op",
                f"there is no op or block `{name.id}`",
                name.span,
                help=did_you_mean(name.id, {**scope.environment.callees, "ref": None})
                or "`archspec list` shows the ops and blocks there are",
            )
        return callee

    def check_in_channels(
        self, call: Call, callee: Callee, bound: Bound, x: ir.Value, context: Context
    ) -> bool:
        """Whether the input channels that a call states are those that come in."""
        if bound.in_channels is None:
            return True
        stated = self.value(bound.in_channels, x, context)
        if stated is None or x.shape is None:
            return True
        span = bound.in_channels.span
        if not isinstance(stated.value, int) or isinstance(stated.value, bool):
            self.findings.error(
                "invalid-argument-type",
                f"the first of these is the number of input channels, "
                f"found {describe(stated.value)}",
                span,
                help=f"`{callee.name}` takes its other arguments by keyword",
            )
            return False
        found = channels(x.shape)
        if stated.value == found:
            return True
        rest = [a.span.text for a in call.arguments if a.value is not bound.in_channels]
        fixed = f"{call.name.id}({', '.join([str(int(found)), *rest])})"
        noun = "input channels" if len(x.shape) == 3 else "input features"
        self.findings.error(
            "channel-mismatch",
            f"`{callee.name}` expects {stated.value} {noun}, found {found}",
            span,
            f"says {stated.value}",
            related=[*_producer(x), *_expanded_by(context)],
            help=f"write `{fixed}`, or leave the {noun} out",
        )
        return False

    def layer(
        self, call: Call, op: Op, bound: Bound, x: ir.Value, context: Context,
        items: Items, name: Traced, *, fits: bool,
    ) -> ir.Value:  # fmt: skip
        attributes = self.attributes(op, bound, x, context)
        path = context.level.join(name.value)
        shape = None
        if attributes is not None and fits and x.shape is not None:
            shape = self.shape(call, op, bound, x, context, attributes)
        node = self.node(
            op.name, attributes or {}, (x,), shape, path, call.span, context
        )
        if shape is not None and x.shape is not None:
            values = node.values
            before, after = _plain(x.shape), _plain(shape)
            node.parameters = op.weights(before, after, **values)
            node.macs = op.macs(before, after, **values)
        node.output.before = x
        items.append(ir.Layer(name, node))
        return node.output

    def attributes(
        self, op: Op, bound: Bound, x: ir.Value, context: Context
    ) -> dict[str, Traced] | None:
        found: dict[str, Traced] = {}
        whole = True
        for parameter in op.parameters:
            if parameter.name not in bound.values:
                continue
            expression = bound.values[parameter.name]
            value = self.argument(op, parameter, expression, x, context)
            if value is None:
                whole = False
            else:
                found[parameter.name] = value
        if not whole:
            return None
        defaults = op.defaults({name: item.value for name, item in found.items()})
        for parameter in op.parameters:
            if parameter.name in defaults:
                found[parameter.name] = Traced(
                    defaults[parameter.name], constant(defaults[parameter.name])
                )
        return found

    def argument(
        self, op: Op, parameter: Parameter, expression: Expression, x: ir.Value,
        context: Context,
    ) -> Traced | None:  # fmt: skip
        if (
            isinstance(expression, Name)
            and expression.id in parameter.kind.words
            and not context.scope.has(expression.id)
        ):
            return Traced(expression.id, constant(expression.id))
        value = self.value(expression, x, context)
        if value is None or parameter.kind.accepts(value.value):
            return value
        help = ""
        if isinstance(value.value, float) and "integer" in parameter.kind.expected:
            help = "`//` divides integers, `int(...)` and `round(...)` make them"
        self.findings.error(
            "invalid-argument-type"
            if not isinstance(value.value, int | float) or help
            else "invalid-argument",
            f"`{parameter.shown}` of `{op.name}` expects {parameter.kind.expected}, "
            f"found {describe(value.value)}",
            expression.span,
            related=_expanded_by(context),
            help=help,
        )
        return None

    def shape(
        self, call: Call, op: Op, bound: Bound, x: ir.Value, context: Context,
        attributes: Mapping[str, Traced],
    ) -> ir.Shape | None:  # fmt: skip
        assert x.shape is not None
        if len(x.shape) not in op.ranks:
            self.report_rank(call, op, x, context)
            return None
        try:
            shape = op.shape(x.shape, **{n: symbolic(a) for n, a in attributes.items()})
        except ShapeFault as fault:
            at = bound.values.get(fault.parameter)
            span = at.span if at else call.span
            self.report_shape(fault, span, x, context)
            return None
        if max(shape) > 2**31:
            self.findings.error(
                "number-too-large",
                f"the output would be {show_shape(shape)}",
                call.span,
            )
            return None
        return shape

    def report_rank(self, call: Call, op: Op, x: ir.Value, context: Context) -> None:
        assert x.shape is not None
        wants = {1: "features", 2: "tokens", 3: "an image [C, H, W]"}
        expected = " or ".join(wants[rank] for rank in op.ranks)
        is_image = len(x.shape) == 3
        text = call.span.text
        self.findings.error(
            "unflattened-input" if is_image else "wrong-rank",
            f"`{op.name}` expects {expected}, found {show_shape(x.shape)}",
            call.span,
            related=[*_producer(x), *_expanded_by(context)],
            help=f"write `flatten | {text}`, or `global_avgpool | flatten | {text}`"
            if is_image
            else "move it before the step that flattens the image",
        )

    def report_shape(
        self, fault: ShapeFault, span: Span, x: ir.Value, context: Context | None = None
    ) -> None:
        expanded = _expanded_by(context) if context else []
        self.findings.error(
            fault.code,
            fault.message,
            span,
            related=[*_producer(x, any_shape=True), *expanded],
            help=fault.help,
        )

    def node(
        self, op: str, attributes: Mapping[str, Traced], inputs: tuple[ir.Value, ...],
        shape: ir.Shape | None, path: str, span: Span, context: Context,
    ) -> ir.Node:  # fmt: skip
        self.nodes += 1
        if self.nodes > MAX_NODES:
            self.too_many(span)
        output = ir.Value(shape, span=span)
        node = ir.Node(
            op, attributes, inputs, output, path, context.block, span, context.calls
        )
        output.producer = node
        return node

    def too_many(self, span: Span) -> NoReturn:
        self.findings.error(
            "too-many-layers",
            f"the network has more than {MAX_NODES:,} layers",
            span,
            help="check the numbers of `repeat`",
        )
        raise _TooMany

    # --- blocks ---

    def module(
        self, call: Call, block: Block, bound: Bound, x: ir.Value, context: Context,
        items: Items, name: Traced, *, fits: bool,
    ) -> ir.Value:  # fmt: skip
        if block in context.stack:
            self.report_recursion(call, block, context)
            return ir.Value(None)
        if len(context.stack) >= MAX_BLOCK_DEPTH:
            self.findings.error(
                "nesting-too-deep",
                f"blocks call blocks more than {MAX_BLOCK_DEPTH} deep",
                call.span,
            )
            return ir.Value(None)
        path = context.level.join(name.value)
        if not fits:
            x = ir.Value(None)
        arguments = self.block_arguments(call, block, bound, x, context)
        scope = Scope(block.environment, None, {})
        scope.values.update(block.environment.params)
        for key, value in arguments.items():
            is_callee = value is not None and isinstance(value.value, Op | Block)
            scope.values[key] = (
                value
                if value is None or is_callee
                else Traced(value.value, variable(key))
            )
        entry = _with_channels(x, variable(CIN))
        scope.values[CIN] = (
            Traced(int(channels(x.shape)), variable(CIN)) if x.shape else None
        )
        inside = Context(
            scope=scope,
            level=Level(path),
            labels={},
            block=block.name,
            calls=(*context.calls, call.span),
            stack=(*context.stack, block),
            hoists={CIN, *arguments},
        )
        body: Items = []
        y = self.body(block, entry, inside, body)
        parameters = block.definition.parameters
        known = {key: value for key, value in arguments.items() if value is not None}
        items.append(
            ir.Module(
                name=name,
                path=path,
                block=block.name,
                definition=block,
                arguments=known,
                given=frozenset(
                    n.id for p in parameters for n in p.names
                    if pattern_key(p.names) in bound.values
                ),
                keyword_only=frozenset(
                    n.id for p in parameters for n in p.names if p.keyword_only
                ),
                defaults={
                    p.names[0].id: p.default.value
                    for p in parameters
                    if isinstance(p.default, Literal)
                },
                body=tuple(body),
                input=x,
                output=y,
                span=call.span,
                signature=" ".join(block.definition.signature.text.split()),
            )
        )  # fmt: skip
        return _leave_block(y, x, known, call.span)

    def body(
        self, block: Block, x: ir.Value, context: Context, items: Items
    ) -> ir.Value:
        """The body's steps see one scope, so that a `let` holds for those after it."""
        steps = block.definition.body
        for step in steps.steps if isinstance(steps, Group) else (steps,):
            x = self.step(step, x, context, items)
        return x

    def report_recursion(self, call: Call, block: Block, context: Context) -> None:
        names = [b.name for b in context.stack[context.stack.index(block) :]]
        path = " calls ".join(f"`{name}`" for name in [*names, block.name])
        self.findings.error(
            "recursive-block",
            f"a block may not call itself: {path}",
            call.name.span,
            related=[Label(block.definition.signature, "defined here")],
            help="use `repeat` to do something several times",
        )

    def block_arguments(
        self, call: Call, block: Block, bound: Bound, x: ir.Value, context: Context
    ) -> dict[str, Traced | None]:
        """The value of each parameter, written over the caller's; None: unknown."""
        found: dict[str, Traced | None] = {}
        defaults = Scope(block.environment, None, dict(block.environment.params))
        defaults.values[CIN] = (
            Traced(int(channels(x.shape)), code_of(channels(x.shape)))
            if x.shape
            else None
        )
        for parameter in block.definition.parameters:
            key = pattern_key(parameter.names)
            if key in bound.values:
                value = self.value(bound.values[key], x, context)
            else:
                assert parameter.default is not None
                value = self.value(
                    parameter.default, ir.Value(None), replace(context, scope=defaults)
                )
            if parameter.is_pattern:
                names = [name.id for name in parameter.names]
                found |= self.pattern(names, value, bound.values[key], block)
            else:
                found[key] = value
            defaults.values.update(found)
        return found

    def pattern(
        self,
        names: list[str],
        value: Traced | None,
        expression: Expression,
        block: Block,
    ) -> dict[str, Traced | None]:
        """The parts of a tuple by the names of its pattern."""
        if value is None:
            return dict.fromkeys(names)
        items = value.value
        if not isinstance(items, tuple) or len(items) != len(names):
            self.findings.error(
                "invalid-argument",
                f"`{block.name}` expects {len(names)} values for `({', '.join(names)})`, "
                f"found {describe(items)}",
                expression.span,
                related=[Label(block.definition.signature, "the signature")],
                help=f"write `({', '.join(['1'] * len(names))})`, with your numbers",
            )
            return dict.fromkeys(names)
        code = value.code
        if isinstance(code, ast.Tuple):
            codes = list(code.elts)
        else:
            codes = [
                ast.Subscript(code, constant(n), ast.Load()) for n in range(len(items))
            ]
        return {
            name: Traced(
                item, part if not isinstance(item, Op | Block) else constant(item.name)
            )
            for name, item, part in zip(names, items, codes, strict=True)
        }

    # --- names ---

    def label(self, label: StepLabel, x: ir.Value, context: Context) -> Traced:
        """A label's text, and as Python where it holds expressions."""
        text = ""
        parts: list[ast.expr] = []
        for part in label.parts:
            if isinstance(part, str):
                text += part
                parts.append(constant(part))
                continue
            value = self.value(part, x, context)
            text += str(value.value) if value else "_"
            if value:
                parts.append(ast.FormattedValue(value.code, -1, None))
        self.check_label(text, label, context)
        is_plain = all(isinstance(part, str) for part in label.parts)
        return Traced(text, constant(text) if is_plain else ast.JoinedStr(parts))

    def check_label(self, text: str, label: StepLabel, context: Context) -> None:
        """A label is free in its level, and no name that torch or Python has taken."""
        if text in MODULE_NAMES or keyword.iskeyword(text):
            owner = "Python" if keyword.iskeyword(text) else "torch"
            self.findings.error(
                "invalid-label",
                f"`{text}` is {owner}'s own name, it cannot be a label",
                label.span,
                help=f"write `{text}_`, or another name",
            )
        if text not in context.level.spans:
            context.level.spans[text] = label.span
            return
        first = context.level.spans[text]
        again = first.start == label.span.start
        self.findings.error(
            "duplicate-label",
            f"the label `{text}` is used twice in this body",
            label.span,
            related=[] if again else [Label(first, "first used here")],
            help=f"in a repeat, number it: `{label.span.text}{{i}}`"
            if again
            else "rename one of them",
        )

    def check_new_name(self, name: Name) -> None:
        if name.id in (CIN, "ch"):
            self.findings.error(
                "reserved-name",
                f"`{name.id}` has a meaning of its own",
                name.span,
                help="choose another name",
            )

    # --- values ---

    def value(
        self, expression: Expression, x: ir.Value, context: Context
    ) -> Traced | None:
        """An expression's value; None if unknown, with a finding if it has none."""
        ch = channels(x.shape) if x.shape else None
        try:
            return Evaluator(context.scope, ch)(expression)
        except Unknown:
            return None
        except ValueFault as fault:
            self.findings.error(
                fault.code,
                fault.message,
                fault.span,
                related=_expanded_by(context),
                help=fault.help,
            )
            return None

    def check_assertion(
        self, assertion: ShapeAssertion, y: ir.Value, context: Context
    ) -> None:
        expected: list[Any] = []
        for dim in assertion.dims:
            value = self.value(dim, y, context) if dim is not None else None
            if dim is not None and value is None:
                return
            expected.append(value.value if value else "_")
        if y.shape is None:
            return
        matches = len(expected) == len(y.shape) and all(
            want in ("_", have) for want, have in zip(expected, y.shape, strict=True)
        )
        if matches:
            return
        wanted = f"[{', '.join(show(want) for want in expected)}]"
        found = show_shape(y.shape)
        self.findings.error(
            "shape-assertion",
            f"expected the shape {wanted}, found {found}",
            assertion.span,
            f"says {wanted}",
            related=_expanded_by(context),
            help=f"write `-> {found}` if that is what you want",
        )


def show_shape(shape: ir.Shape | None) -> str:
    """A shape as a spec writes it: `[96, 54, 54]`."""
    return str([int(size) for size in shape or ()])


def _plain(shape: ir.Shape) -> ir.Shape:
    return tuple(int(size) for size in shape)


def _ordinal(level: Level) -> Traced:
    text = level.next_ordinal()
    return Traced(text, constant(text))


def _with_channels(x: ir.Value, code: ast.expr) -> ir.Value:
    """The value as a body reads it: its channels are a variable there."""
    if x.shape is None:
        return x
    shape = list(_plain(x.shape))
    axis = 0 if len(shape) == 3 else -1
    shape[axis] = SymbolicInt(shape[axis], code)
    return ir.Value(tuple(shape), x.producer, None, x)


def _leave_block(
    y: ir.Value, x: ir.Value, arguments: Mapping[str, Traced], span: Span
) -> ir.Value:
    """A block's output as its caller sees it: channels over the caller's parameters."""
    if y.shape is None:
        return ir.Value(None)
    shape = list(_plain(y.shape))
    axis = 0 if len(shape) == 3 else -1
    code = code_of(channels(y.shape))
    known = {name: value.code for name, value in arguments.items()}
    if x.shape is not None:
        known[CIN] = code_of(channels(x.shape))
    if variables(code) <= known.keys() and not isinstance(code, ast.Constant):
        shape[axis] = SymbolicInt(shape[axis], substitute(code, known))
    return ir.Value(tuple(shape), y.producer, span, x)


def _after_repeat(
    y: ir.Value, x: ir.Value, moving: str, entry: ast.expr | None,
    update: ast.expr | None, loop_variables: set[str],
) -> ir.Value:  # fmt: skip
    """The repeat's output: its channels are what the last iteration left."""
    if y.shape is None or entry is None:
        return y
    shape = list(_plain(y.shape))
    axis = 0 if len(shape) == 3 else -1
    if update is not None and not isinstance(update, ast.Constant):
        if same(update, variable(moving)):
            update = entry
        elif variables(update) & {moving, *loop_variables}:
            update = variable(moving)
        if not isinstance(update, ast.Constant):
            shape[axis] = SymbolicInt(shape[axis], update)
    return ir.Value(tuple(shape), y.producer, y.span, y.before or x)


def _channels_code(x: ir.Value) -> ast.expr | None:
    return code_of(channels(x.shape)) if x.shape else None


def _all_same(codes: list[Any]) -> bool:
    return all(code is not None and same(code, codes[0]) for code in codes)


def _column_names(step: RepeatTimes | RepeatFor) -> list[str]:
    if isinstance(step, RepeatTimes):
        return []
    return [column.name.id for column in step.columns]


def _fresh(name: str, context: Context) -> str:
    """A loop variable that shadows nothing in the class to be written."""
    taken = {*context.scope.names(), *context.active}
    number = 1
    fresh = name
    while fresh in taken:
        number += 1
        fresh = f"{name}_{number}"
    return fresh


def _producer(x: ir.Value, *, any_shape: bool = False) -> list[Label]:
    """The step whose output has these channels: where a mismatch comes from."""
    if x.shape is None:
        return []
    value = x
    while (
        not any_shape
        and value.before is not None
        and value.before.shape is not None
        and channels(value.before.shape) == channels(x.shape)
        and len(value.before.shape) == len(x.shape)
    ):
        value = value.before
    while value.span is None and value.before is not None:
        value = value.before
    if value.span is None:
        return []
    return [Label(value.span, f"makes {show_shape(value.shape)}")]


def _expanded_by(context: Context) -> list[Label]:
    """The call that expanded the block an error is in."""
    if not context.calls:
        return []
    return [Label(context.calls[-1], f"in `{context.block}`, called here")]
