"""The channels of a repeat, as expressions: from one iteration to the next, and after all.

    repeat: dense_layer(growth)    ->   channels + growth, then cin + n * growth
    times: n

Where a loop ends, its body's variables end too. So what leaves a block, a group or an
iteration has the expression over the names around it.
"""

from __future__ import annotations

import ast
from collections.abc import Collection, Mapping, Sequence

from archspec.ir import graph as ir
from archspec.ir.symbolic import (
    constant,
    rows_of,
    same,
    substitute,
    summand,
    variable,
    variables,
)
from archspec.lowering.context import Context
from archspec.lowering.symbolic_channels import channels_as, channels_code

Body = Sequence[ir.Item]


def next_channels(
    codes: Sequence[ast.expr | None],
    bodies: Sequence[Body],
    name: str,
    *,
    is_constant: bool,
) -> ast.expr | None:
    """The channels after an iteration, if one expression holds for all iterations.

    A residual block may set them in the first iteration and keep them in the others;
    then `is_constant` tells that they stay the same. Otherwise an `if` that chooses
    between two bodies chooses between their channels.
    """
    known = [code for code in codes if code is not None]
    if not known or len(known) < len(codes):
        return None
    stay = variable(name)
    changed = [code for code in known if not same(code, stay)]
    code = changed[0] if changed else stay
    is_whole = is_constant or len(changed) in (0, len(known))
    if is_whole and all(same(other, code) for other in changed):
        return code
    return _chosen(known, bodies)


def _chosen(codes: Sequence[ast.expr], bodies: Sequence[Body]) -> ast.expr | None:
    """`2 * channels if i > 0 else channels`, of a condition that decides it."""
    for items in zip(*bodies, strict=False):
        choices = [item for item in items if isinstance(item, ir.Choice)]
        condition = choices[0].condition.code if choices else None
        if condition is None or len(choices) < len(bodies):
            continue
        if not all(same(each.condition.code, condition) for each in choices):
            continue
        arms: dict[bool, list[ast.expr]] = {True: [], False: []}
        for choice, code in zip(choices, codes, strict=True):
            arms[bool(choice.condition.value)].append(code)
        if all(arm and all(same(c, arm[0]) for c in arm) for arm in arms.values()):
            return ast.IfExp(condition, arms[True][0], arms[False][0])
    return None


def channels_after(
    repeat: ir.Repeat, count: int, columns: Mapping[str, ast.expr]
) -> ast.expr | None:
    """The channels after the last iteration, over the names around the repeat.

    `columns` are the values of each loop variable but the index.
    """
    update, name = repeat.update, repeat.channels
    if update is None:
        return None
    read = variables(update)
    moving = {repeat.index, *columns}
    times = constant(count) if columns else repeat.rows.code
    if name not in read:
        last = {key: _item(code, -1) for key, code in columns.items()}
        first = ast.Constant(1)
        last[repeat.index] = substitute(ast.BinOp(times, ast.Sub(), first), {})
        return substitute(update, last)
    if same(update, variable(name)):
        return repeat.entry
    added = summand(name, update)
    if added is not None and not variables(added) & {name, *moving}:
        total: ast.expr = substitute(ast.BinOp(times, ast.Mult(), added), {})
    elif isinstance(added, ast.Name) and added.id in columns:
        function = ast.Name("sum", ast.Load())
        total = substitute(ast.Call(function, [columns[added.id]], []), {})
    else:
        return None
    return ast.BinOp(repeat.entry, ast.Add(), total)


def _item(code: ast.expr, number: int) -> ast.expr:
    rows = rows_of(code)
    if rows is None or not isinstance(code, ast.Call):
        return substitute(ast.Subscript(code, constant(number), ast.Load()), {})
    row = ast.Subscript(rows, constant(number), ast.Load())
    return substitute(ast.Subscript(row, code.args[1], ast.Load()), {})


def leaving(
    x: ir.Value,
    context: Context,
    inner: Collection[str] = (),
    *,
    is_group: bool = False,
) -> ir.Value:
    """A value as what is around a block, group or iteration reads it.

    `inner` are the channels of the loops in there, whose names are then free again.
    After a labeled group, those of its last row have the name still.
    """
    loops = context.loops
    if not (loops.after or loops.of_last_rows or inner):
        return x
    code = channels_code(x)
    if x.shape is None or code is None:
        loops.channels.difference_update(inner)
        return x
    after = loops.after if is_group else {**loops.after, **loops.of_last_rows}
    if variables(code) & after.keys():
        code = substitute(code, after)
        shape = channels_as(x.shape, code)
        x = ir.Value(shape, x.producer, x.span, x.before)
    context.loops.channels.difference_update({*inner} - variables(code))
    return x
