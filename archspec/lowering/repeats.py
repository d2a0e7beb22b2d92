"""`repeat`: a body several times, or once for each row of columns.

The channels between iterations are a variable of the emitted loop:

    - repeat: conv(2 * ch, k=1)     for i in range(3):
      times: 3                          self.append(nn.Conv2d(channels, channels * 2, ...))
                                        channels *= 2
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import Any, NamedTuple

from archspec.diagnostics.diagnostic import Edit, Fix, Label, write
from archspec.frontend.ast import (
    Column,
    Expression,
    Name,
    RepeatFor,
    RepeatTimes,
    Tuple,
)
from archspec.ir import graph as ir
from archspec.ir.symbolic import (
    NUMBERS,
    Symbolic,
    column_of,
    constant,
    forgotten,
    literal,
    same,
    substitute,
    variable,
    variables,
)
from archspec.lowering.ambiguous_indices import names_read
from archspec.lowering.context import MAX_LAYERS, Context, Items
from archspec.lowering.loop_channels import channels_after, leaving, next_channels
from archspec.lowering.provenance import report, written_at
from archspec.lowering.symbolic_channels import (
    channels_as,
    channels_code,
    channels_forgotten,
    with_channels,
)
from archspec.lowering.values_in_context import evaluate, is_integer
from archspec.resolve.partial_call import is_callee
from archspec.resolve.scope import check_new_names
from archspec.resolve.value_code import constant_or_name, without_names
from archspec.resolve.value_text import describe

Repeat = RepeatTimes | RepeatFor
OR_OMIT = ", or put the step under `if:`"  # an `each` is always a branch


def lower_repeat(step: Repeat, x: ir.Value, context: Context, items: Items) -> ir.Value:
    """Lower the iterations one after the other."""
    loop = lowered_loop(step, x, context)
    if loop is None:
        return ir.Value(None)
    items.append(loop.item)
    return loop.output


def lowered_loop(step: Repeat, x: ir.Value, context: Context) -> Loop | None:
    """The iterations, lowered; None if it is unknown how many there are."""
    names = _column_names(step)
    rows = _rows(step, x, context)
    if rows is None:
        _check_names(step, names, context)
        return None
    check_row_names(step, context)
    loop = Loop(names, context, index_of(step), rows, [x])
    for number, row in enumerate(rows.value):
        loop.iteration(step, number, row)
    return loop


def index_of(step: Repeat) -> str:
    """The name of the index."""
    return step.counter.id if step.counter else "i"


def check_row_names(step: Repeat, context: Context) -> None:
    """Report an index or a column that has the name of another value."""
    index = [step.counter] if step.counter else []
    check_new_names(index, context.findings)
    columns = [*_columns(step)]
    taken = {column.id for column in columns}
    for name in (*index, *columns):
        if context.scope.has(name.id) or (name in index and name.id in taken):
            report(
                context,
                "duplicate-name",
                f"`{name.id}` has a value here already",
                name,
                help=f"choose another name for the {'index' if name in index else 'column'}",
                proposals=[_renamed(name, step)],
            )


def _renamed(name: Name, step: Repeat) -> Fix:
    """The fix that gives an index or a column another name, also where it is read.

    What reads the name of an index and a column means the column.
    """
    other = f"{name.id}_"
    is_column = name is step.counter and name.id in _column_names(step)
    read = () if is_column else names_read(step.body)
    edits = [Edit(each.span, other) for each in (name, *read) if each.id == name.id]
    return Fix(f"write `{other}` for `{name.id}`", tuple(edits))


class Unrolled(NamedTuple):
    """The context of each iteration, with its values as numbers."""

    iterations: Iterator[Context]
    rows: ast.expr


def unrolled(step: Repeat, x: ir.Value, context: Context) -> Unrolled | None:
    """The iterations of a repeat in a join; None if its rows are unknown."""
    names = _column_names(step)
    rows = _rows(step, x, context, or_omit="")
    if rows is None:
        _check_names(step, names, context)
        return None
    check_row_names(step, context)
    pairs = enumerate(rows.value)
    found = (_with_row(step, names, n, row, rows.code, context) for n, row in pairs)
    return Unrolled(found, rows.code)


def _with_row(
    step: Repeat,
    names: list[str],
    number: int,
    row: tuple[Any, ...],
    rows: ast.expr,
    context: Context,
) -> Context:
    bindings = {index_of(step): literal(number)}
    for key, value in zip(names, row, strict=True):
        is_number = isinstance(value, NUMBERS)
        code = forgotten(value, rows) if is_number else constant_or_name(value)
        bindings[key] = Symbolic(value, code)
    return context._replace(scope=context.scope.inner(bindings), hoistable=None)


def _parts(columns: Sequence[Column], row: Sequence[Any]) -> tuple[Any, ...]:
    """The values of a row, one for each name of its columns."""
    pairs = zip(columns, row, strict=True)
    items = (value if column.pattern else (value,) for column, value in pairs)
    return tuple(chain.from_iterable(items))


def _check_names(step: Repeat, names: list[str], context: Context) -> None:
    """Check the names in the body of a repeat whose rows are unknown."""
    inside = context.without_values()
    scope = inside.scope.inner(dict.fromkeys([index_of(step), *names]))
    context.run.step(step.body, ir.Value(None), inside._replace(scope=scope), [])
    context.labels.is_complete = False  # how many labels it makes is unknown


@dataclass
class Loop:
    """A repeat while its iterations are lowered."""

    names: list[str]
    context: Context
    index_name: str
    rows: Symbolic
    outputs: list[ir.Value]  # what comes in, then the output of each iteration
    iterations: list[tuple[ir.Item, ...]] = field(default_factory=list)
    variables: list[dict[str, Any]] = field(default_factory=list)
    updates: list[ast.expr | None] = field(default_factory=list)
    widths: set[int | None] = field(default_factory=set)  # channels after an iteration
    entry: ast.expr | None = None

    def __post_init__(self) -> None:
        context = self.context
        self.index = _fresh(self.index_name, context)
        self.columns = [_fresh(name, context) for name in self.names]
        self.channels = _fresh("channels", context)
        self.channels_code = variable(self.channels)
        context.loops.channels.add(self.channels)
        context.loops.after.pop(self.channels, None)
        context.loops.of_last_rows.pop(self.channels, None)
        context.loops.others.update({self.index, *self.columns})

    def iteration(self, step: Repeat, number: int, row: tuple[Any, ...]) -> None:
        """Lower the body for one row."""
        context, x = self.context, self.outputs[-1]
        bindings: dict[str, Symbolic | None] = {
            self.index_name: Symbolic(number, variable(self.index))
        }
        for name, column, value in zip(self.names, self.columns, row, strict=True):
            item = without_names(Symbolic(value, variable(column)))
            is_named = is_callee(value)
            bindings[name] = (
                Symbolic(item.value, variable(column)) if is_named else item
            )
        columns = dict(zip(self.columns, row, strict=True))
        self.variables.append({self.index: number, **columns})
        self.entry = self.entry or channels_code(x)
        inside = context._replace(
            scope=context.scope.inner(bindings),
            active=context.active | {self.index, *self.columns},
            hoistable=None,
            repetitions=(*context.repetitions, *_repetition(step, number)),
        )
        body: Items = []
        entry = with_channels(x, self.channels_code)
        around, labels = {*context.loops.channels}, context.labels.size
        y = context.run.step(step.body, entry, inside, body)
        y = leaving(y, context, context.loops.channels - around)
        self.iterations.append(tuple(body))
        self.updates.append(channels_code(y))
        self.widths.add(int(y.shape.channels) if y.shape else None)
        self.outputs.append(y)
        context.labels.forget_channels(self.moving, labels)

    @property
    def moving(self) -> set[str]:
        """The variables that have another value in each iteration."""
        return {self.channels, *self.variables[0]}

    @property
    def update(self) -> ast.expr | None:
        """The new channels after an iteration, if one expression holds for all of them."""
        codes = [code for code in self.updates if code is not None]
        is_constant = len(self.widths) == 1 and not any(
            variables(code) & self.moving
            for code in codes
            if not same(code, self.channels_code)
        )
        code = next_channels(
            self.updates, self.iterations, self.channels, is_constant=is_constant
        )
        if code is None or self.entry is None:
            return None
        entry = substitute(self.entry, {})
        kept = substitute(code, {self.channels: entry})
        return variable(self.channels) if same(kept, entry) else code

    @property
    def item(self) -> ir.Repeat:
        """The graph's item for the repeat."""
        return ir.Repeat(
            iterations=tuple(self.iterations),
            index=self.index,
            variables=tuple(self.variables),
            rows=self.rows,
            channels=self.channels,
            entry=self.entry or constant(None),
            update=self.update,
        )

    @property
    def output(self) -> ir.Value:
        """The output, with the channels of the last iteration."""
        before, *_, y = self.outputs
        if y.shape is None or self.entry is None:
            return y
        code = self.update
        known = (self.entry, *self.updates) if code is None else (code,)
        shape = channels_forgotten(y.shape, *filter(None, known))
        if code is not None and same(code, self.channels_code):
            code = self.entry
        elif code is not None:
            is_moving = bool(variables(code) & self.moving)
            code = variable(self.channels) if is_moving else code
        if code is not None and not isinstance(code, ast.Constant):
            shape = channels_as(shape, code)
        if code is None or self.channels not in variables(code):
            self.context.loops.channels.discard(
                self.channels
            )  # the next loop may have it
        else:
            self._note_after()
        return ir.Value(shape, y.producer, y.span, y.before or before)

    def _note_after(self) -> None:
        """Note the channels after the loop as what is around it can name them."""
        codes = self.rows.code.elts if isinstance(self.rows.code, ast.Tuple) else []
        columns = dict(zip(self.columns, codes, strict=True)) if self.columns else {}
        found = channels_after(self.item, len(self.iterations), columns)
        if found is not None:
            loops, update = self.context.loops, self.update
            is_last = update is not None and self.channels not in variables(update)
            noted = loops.of_last_rows if is_last else loops.after
            noted[self.channels] = substitute(found, loops.after)


def _columns(step: Repeat) -> Iterator[Name]:
    if isinstance(step, RepeatFor):
        yield from (name for column in step.columns for name in column.names)


def _repetition(step: Repeat, number: int) -> list[Label]:
    """A label that names a repetition; the first needs none."""
    return [Label(step.span, f"in repetition {number + 1}")] if number else []


def _column_names(step: Repeat) -> list[str]:
    return [name.id for name in _columns(step)]


def _fresh(name: str, context: Context) -> str:
    """A loop variable whose name is free in the class to be emitted."""
    taken = [context.active, context.loops.channels]
    number = 1
    if name == "channels":  # is read after its loop, so that no two loops share it
        taken.append(context.loops.others)
        number = max(1, len(context.loops.channels))
    fresh = name if number == 1 else f"{name}_{number}"
    while context.scope.has(fresh) or any(fresh in names for names in taken):
        number += 1
        fresh = f"{name}_{number}"
    return fresh


# --- how often ---


def _rows(
    step: Repeat, x: ir.Value, context: Context, or_omit: str = OR_OMIT
) -> Symbolic | None:
    """The rows with the Python that computes them; None if unknown or wrong."""
    if isinstance(step, RepeatTimes):
        return _times(step, x, context, f"write `1` or more{or_omit}")
    check_new_names(_columns(step), context.findings)
    columns = [_column(column, x, context) for column in step.columns]
    known = [column for column in columns if column is not None]
    if len(known) < len(columns):
        return None
    lengths = [len(column.value) for column in known]
    if len(set(lengths)) > 1:
        _report_lengths(step, lengths, context)
        return None
    help = f"give the columns a row{or_omit}"
    if not _is_possible(lengths[0], step.columns[0].values, context, help):
        return None
    rows = zip(*(column.value for column in known), strict=True)
    values = tuple(_parts(step.columns, row) for row in rows)
    codes = [
        code
        for column, items in zip(step.columns, known, strict=True)
        for code in _column_codes(column, items)
    ]
    return Symbolic(values, ast.Tuple(codes, ast.Load()))


def _column_codes(column: Column, items: Symbolic) -> list[ast.expr]:
    """The expression of each name's values, of rows that may be a param."""
    if not column.pattern:
        return [items.code]
    if variables(items.code):
        return [column_of(items.code, n) for n in range(len(column.names))]
    return [constant_or_name(values) for values in zip(*items.value, strict=True)]


def _times(
    step: RepeatTimes, x: ir.Value, context: Context, help: str
) -> Symbolic | None:
    times = evaluate(step.times, x, context)
    if times is None:
        return None
    if not is_integer(times.value):
        report(
            context,
            "invalid-argument-type",
            f"expected a number of times, found {describe(times.value)}",
            step.times,
            help="use `//`, `int(...)` or `round(...)` for an integer"
            if isinstance(times.value, float)
            else "",
        )
        return None
    if not _is_possible(times.value, step.times, context, help):
        return None
    return Symbolic(((),) * times.value, times.code)


def _column(column: Column, x: ir.Value, context: Context) -> Symbolic | None:
    values = evaluate(column.values, x, context)
    if values is None:
        return None
    if isinstance(values.value, tuple):
        return values if _fits_pattern(column, values.value, context) else None
    report(
        context,
        "invalid-argument-type",
        f"expected a list for `{column.name.id}`, found {describe(values.value)}",
        column.values,
        help=write(f"[{column.values.span.text}]", " for one row"),
    )
    return None


def _fits_pattern(column: Column, rows: Sequence[Any], context: Context) -> bool:
    """Whether each row has a value for each name of the pattern."""
    count = len(column.names)
    for number, row in enumerate(rows):
        if not column.pattern or (isinstance(row, tuple) and len(row) == count):
            continue
        at = column.values
        if isinstance(at, Tuple) and len(at.items) == len(rows):
            at = at.items[number]
        report(
            context,
            "unequal-columns",
            f"`{column.name.id}` expects rows of {count} values, "
            f"found {describe(row)} in row {number}",
            at,
            related=[Label(column.name.span, "the pattern")],
            help=f"write each row as `[{', '.join(['1'] * count)}]`, with your own values",
        )
        return False
    return True


def _report_lengths(step: RepeatFor, lengths: list[int], context: Context) -> None:
    columns = zip(step.columns, lengths, strict=True)
    shown = ", ".join(f"`{column.name.id}` has {n}" for column, n in columns)
    report(
        context,
        "unequal-columns",
        f"the columns of `for` need one length: {shown}",
        step.columns[lengths.index(min(lengths))].values,
    )


def _is_possible(times: int, place: Expression, context: Context, help: str) -> bool:
    if times > MAX_LAYERS:
        context.run.too_many(written_at(place, context)[0])
    if times < 1:
        report(
            context,
            "empty-repeat",
            f"expected at least one time, found {times}",
            place,
            help=help,
        )
    return times >= 1
