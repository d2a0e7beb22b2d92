"""Branches that read one value and are joined: `concat`, `add`, `mul`, `split`."""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterator, Sequence

from archspec.diagnostics.diagnostic import (
    MAX_RELATED,
    Edit,
    Fix,
    Label,
    Replacement,
    write,
)
from archspec.diagnostics.source import Span
from archspec.frontend.ast import (
    Broken,
    Chain,
    Each,
    Expression,
    If,
    Literal,
    Merge,
    Step,
    Tuple,
)
from archspec.ir import graph as ir
from archspec.ir.symbolic import Symbolic, SymbolicInt, constant
from archspec.lowering.context import Context, Items
from archspec.lowering.loop_channels import leaving
from archspec.lowering.op_calls import make_node
from archspec.lowering.provenance import (
    channel_producer,
    format_shape,
    producer,
    report,
    rounding,
    size_producer,
)
from archspec.lowering.repeats import unrolled
from archspec.lowering.values_in_context import evaluate, is_integer
from archspec.ops.merging import MERGES, chunk_shape, sized_chunks
from archspec.ops.shapes import ShapeError
from archspec.resolve.value_text import describe


def lower_merge(merge: Merge, x: ir.Value, context: Context, items: Items) -> ir.Value:
    """A join of branches that read one value, or a `split` of it."""
    if merge.kind in ("sub", "split") and _reports_none(merge, context):
        return ir.Value(None)
    if merge.kind == "sub" and _reports_each(merge, context):
        return ir.Value(None)
    is_split = merge.kind == "split"
    presence: list[ast.expr] = []
    steps = [*_branches(merge, x, context, presence)]
    entries = [x] * len(steps)
    if is_split and not any(isinstance(branch, Broken) for branch, _ in steps):
        entries = _chunks(merge, len(steps), x, context)
    bodies: list[Items] = []
    outputs = []
    for (branch, inside), entry in zip(steps, entries, strict=True):
        body: Items = []
        output = context.run.step(branch, entry, inside.nested(), body)
        outputs.append(leaving(output, inside))
        bodies.append(body)
    if not outputs:
        return _report_no_branch(merge, context)
    if merge.kind == "sub" and len(outputs) != 2:
        first = "add the others first: `add` takes any number"
        other = "`identity` as the other one passes the input on"
        context.findings.error(
            "invalid-step",
            f"`sub` takes two branches, found {len(outputs)}",
            merge.span,
            help=first if len(outputs) > 2 else other,
        )
        return ir.Value(None)
    present = _optional(merge, x, context)
    if len(outputs) == 1 and len(merge.branches) > 1:
        alone = tuple(bodies[0])
        items += [ir.Choice(present, alone)] if present else alone
        return outputs[0]
    kind = "concat" if is_split else merge.kind
    spans = [branch.span for branch, _ in steps]
    shape = _merged_shape(kind, merge, outputs, spans, context)
    node = make_node(kind, {}, tuple(outputs), shape, "", merge.span, context)
    node.output.before = x
    sizes = evaluate(merge.sizes, x, context) if merge.sizes else None
    branches = tuple(tuple(body) for body in bodies)
    item: ir.Item = ir.Merge(node, branches, is_split, sizes, (*presence,))
    items.append(ir.Choice(present, (item,)) if present else item)
    return node.output


def _optional(merge: Merge, x: ir.Value, context: Context) -> Symbolic | None:
    """Whether the one branch of two that may be `none` is there; None without one.

    The join is then a choice: of the join, or of the other branch alone.
    """
    if len(merge.branches) != 2:
        return None
    choices = [b for b in merge.branches if isinstance(b, If) and _may_be_none(b)]
    if len(choices) != 1:
        return None
    step = choices[0]
    condition = evaluate(step.condition, x, context)
    nones = [*map(_is_plain_none, (step.then, step.otherwise))]
    if condition is None or sum(nones) != 1:
        return None
    if nones[1]:
        return Symbolic(bool(condition.value), condition.code)
    return Symbolic(not condition.value, ast.UnaryOp(ast.Not(), condition.code))


def _is_plain_none(step: Step) -> bool:
    return not isinstance(step, If) and _may_be_none(step)


def _branches(
    merge: Merge, x: ir.Value, context: Context, presence: list[ast.expr]
) -> Iterator[tuple[Step, Context]]:
    """The branches that are there, with those of `each` and without `none`.

    What decides that is added to `presence`.
    """
    for branch in merge.branches:
        if isinstance(branch, Each):
            found = unrolled(branch.repeat, x, context)
            if found is None:  # nobody knows how many branches there are
                yield Broken(branch.span), context
            else:
                presence.append(found.rows)
                yield from ((branch.repeat.body, each) for each in found.iterations)
        elif not _is_none(branch, x, context, presence):
            yield branch, context


def _is_none(
    step: Step, x: ir.Value, context: Context, presence: list[ast.expr]
) -> bool:
    """Whether a branch is `none`, or an `if` that takes it."""
    match step:
        case If():
            if not any(map(_may_be_none, (step.then, step.otherwise))):
                return False
            condition = evaluate(step.condition, x, context)
            if condition is None:
                return False
            presence.append(condition.code)
            taken = step.then if condition.value else step.otherwise
            return _is_none(taken, x, context, presence)
        case Chain(calls=(call,)):
            return call.name.id == "none"
    return False


def _may_be_none(step: Step) -> bool:
    match step:
        case If():
            return _may_be_none(step.then) or _may_be_none(step.otherwise)
        case Chain(calls=(call,)):
            return call.name.id == "none"
    return False


def _report_no_branch(merge: Merge, context: Context) -> ir.Value:
    report(
        context,
        "single-branch",
        f"no branch of `{merge.kind}` is left",
        merge.span,
        help="keep one branch; `identity` returns the input",
        proposals=[
            Fix("write `identity`", (Edit(span, "identity"),), is_strong=False)
            for branch in merge.branches
            for span in _nones(branch)
        ],
    )
    return ir.Value(None)


def _reports_none(merge: Merge, context: Context) -> bool:
    """Report a `none` in a join whose branches are all needed."""
    spans = [span for branch in merge.branches for span in _nones(branch)]
    for span in spans:
        context.findings.error(
            "misplaced-none",
            f"`{merge.kind}` needs all of its branches",
            span,
            help=write("identity", " to pass the input on"),
        )
    return bool(spans)


def _reports_each(merge: Merge, context: Context) -> bool:
    """Report an `each` in a join that has two branches."""
    found = [branch for branch in merge.branches if isinstance(branch, Each)]
    for each in found:
        context.findings.error(
            "misplaced-each",
            f"`{merge.kind}` takes two branches, found `each`",
            each.span,
            help="write the two branches",
        )
    return bool(found)


def _nones(step: Step) -> Iterator[Span]:
    """The places of `none` in a branch."""
    if isinstance(step, If):
        yield from (*_nones(step.then), *_nones(step.otherwise))
    elif _may_be_none(step):
        yield step.span


def _chunks(merge: Merge, count: int, x: ir.Value, context: Context) -> list[ir.Value]:
    """The chunk of the input that each of `count` branches of a `split` reads."""
    if x.shape is None:
        return [x] * count
    try:
        shapes = _chunk_shapes(merge, count, x, context)
    except ShapeError as error:
        channels = int(x.shape.channels)
        nearest = (channels // count * count, (channels // count + 1) * count)
        report(
            context,
            error.code,
            error.message,
            merge.sizes or merge.span,
            related=producer(x),
            help=_other_sizes(merge.sizes, x, count) or error.help,
            numbers=() if merge.sizes else (channels, *nearest),
        )
        return [ir.Value(None)] * count
    return [ir.Value(shape, x.producer, merge.span, x) for shape in shapes]


def _other_sizes(sizes: Expression | None, x: ir.Value, count: int) -> str:
    """Help that takes what the others leave as the last of `sizes`, if it is a list."""
    items = sizes.items if isinstance(sizes, Tuple) else ()
    values = [item.value for item in items if isinstance(item, Literal)]
    numbers = [int(value) for value in values if is_integer(value)]
    if x.shape is None or not items or len(numbers) < len(items):
        return ""
    first = [*numbers[:-1], *[1] * count][: count - 1]
    rest = int(x.shape.channels) - sum(first)
    text = f"[{', '.join(map(str, [*first, rest]))}]"
    return Replacement(f"write `{text}`", text) if rest > 0 else ""


def _chunk_shapes(
    merge: Merge, count: int, x: ir.Value, context: Context
) -> Sequence[ir.Shape | None]:
    assert x.shape is not None
    if merge.sizes is None:
        return [chunk_shape(x.shape, count)] * count
    sizes = evaluate(merge.sizes, x, context)
    if sizes is None:
        return [None] * count
    values = sizes.value
    if not isinstance(values, tuple):
        raise ShapeError(
            "invalid-argument-type",
            f"expected a list of channels, found {describe(values)}",
        )
    wrong = [value for value in values if not is_integer(value)]
    if wrong:
        raise ShapeError(
            "invalid-argument-type",
            f"expected integers in `sizes`, found {describe(wrong[0])}",
        )
    if len(values) != count:
        raise ShapeError(
            "indivisible-split",
            f"expected a size for each of {count} branches, found {len(values)}",
        )
    codes = (_item(sizes.code, n) for n in range(count))
    return sized_chunks(x.shape, [*map(SymbolicInt, values, codes)])


def _item(code: ast.expr, number: int) -> ast.expr:
    """An item of a list: `c` of `(c, 2 * c)`, `widths[0]` of `widths`."""
    if isinstance(code, ast.Tuple):
        return code.elts[number]
    return ast.Subscript(code, constant(number), ast.Load())


def _merged_shape(
    kind: str,
    merge: Merge,
    outputs: list[ir.Value],
    spans: Sequence[Span],
    context: Context,
) -> ir.Shape | None:
    shapes = [y.shape for y in outputs if y.shape is not None]
    if len(shapes) < len(outputs):
        return None
    try:
        return MERGES[kind].shape(shapes)
    except ShapeError as error:
        made = [
            Label(span, f"output {format_shape(y.shape)}")
            for span, y in zip(spans, outputs, strict=True)
        ]
        made += _origins(error.code, made, outputs)
        report(
            context,
            error.code,
            error.message,
            merge.span,
            related=made,
            help=error.help,
            numbers={size for shape in shapes for size in shape.plain()},
        )
        return _expected_output(kind, shapes)


def _origins(
    code: str, branches: Sequence[Label], outputs: Sequence[ir.Value]
) -> Iterator[Label]:
    """Labels at the steps before the join that made what does not match."""
    origins = {"size-mismatch": size_producer, "channel-mismatch": channel_producer}
    origin = origins.get(code, producer)
    named = outputs[:MAX_RELATED]
    found = [label for y in named for label in origin(y)]
    if code == "size-mismatch" and _are_close(outputs):
        found += [label for y in named for label in rounding(y)]
    inside = [label.span for label in branches]
    for label in dict.fromkeys(found):
        if not any(span.contains(label.span) for span in inside):
            yield label


def _are_close(outputs: Sequence[ir.Value]) -> bool:
    """Whether sizes differ by as little as rounding makes them differ."""
    sizes = zip(*(y.shape.spatial for y in outputs if y.shape), strict=True)
    return all(max(each) < 1.5 * min(each) for each in sizes)


def _expected_output(kind: str, shapes: Sequence[ir.Shape]) -> ir.Shape | None:
    """The output once the one branch that differs from all others matches them."""
    sizes = [shape.spatial for shape in shapes]
    kinds = list(shapes) if len(set(sizes)) == 1 else sizes
    common, count = Counter(kinds).most_common(1)[0]
    is_image = {shape.axes for shape in shapes} == {"CHW"}
    is_gate = kind == "mul" and len(shapes) == 2 and sizes.count((1, 1)) == 1
    if is_gate:
        common = next(each for each in sizes if each != (1, 1))
    elif len(shapes) == 2 or count < len(shapes) - 1:
        return None
    if not is_image:
        return None
    odd = next(
        n for n, each in enumerate(sizes if is_gate else kinds) if each != common
    )
    others = [shape for n, shape in enumerate(shapes) if n != odd]
    if kind == "concat":
        others.append(shapes[odd].with_spatial(others[0].spatial))
    try:
        return MERGES[kind].shape(others)
    except ShapeError:
        return None
