"""Where a shape comes from, and where the user wrote what a finding is about."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from archspec.diagnostics.diagnostic import Diagnostic, Findings, Fix, Label
from archspec.diagnostics.source import Span
from archspec.frontend.ast import Expression
from archspec.ir import graph as ir
from archspec.lowering.context import Context
from archspec.ops.shapes import by


def format_shape(shape: ir.Shape | None) -> str:
    """A shape in the notation of specs: `[96, 54, 54]`."""
    return str([*ir.plain(shape)])


def producer(x: ir.Value) -> list[Label]:
    """A label at the step that made a value."""
    while x.span is None and x.before is not None:
        x = x.before
    if x.shape is None or x.span is None:
        return []
    noun = "output" if x.producer and x.producer.op != ir.INPUT else "input"
    return [Label(x.span, f"{noun} {format_shape(x.shape)}")]


def channel_producer(x: ir.Value) -> list[Label]:
    """A label at the step that gave a value its channels: the origin of a mismatch."""
    return _origin(x, lambda shape: shape.channels)


def size_producer(x: ir.Value) -> list[Label]:
    """A label at the step that gave a value its size along the other axes."""
    return _origin(x, lambda shape: shape.spatial)


def _origin(x: ir.Value, of: Callable[[ir.Shape], object]) -> list[Label]:
    """A label at the first of the steps that leave a part of the shape as it is."""
    value, shape = x, x.shape
    while value.before is not None and value.before.shape is not None and shape:
        before = value.before.shape
        if before.axes != shape.axes or of(before) != of(shape):
            break
        value = value.before
    return producer(value)


def rounding(x: ir.Value) -> list[Label]:
    """A label at the last step that rounds a size: `maxpool(2)` turns 67 into 33."""
    while x.before is not None:
        new, old = x.shape, x.before.shape
        if new and old and new.axes == old.axes and x.span:
            pairs = [*zip(old.spatial, new.spatial, strict=True)]
            if any(n < o and o % round(o / n) for o, n in pairs):
                text = f"turns {by(old.spatial)} into {by(new.spatial)}"
                return [Label(x.span, text)]
        x = x.before
    return []


def report(
    context: Context,
    code: str,
    message: str,
    place: Expression | Span,
    label: str = "",
    *,
    related: Sequence[Label] = (),
    help: Sequence[str] | str = (),
    numbers: Iterable[int] = (),
    proposals: Sequence[Fix] = (),
    help_in_body: Sequence[str] | str = (),
) -> None:
    """Record a finding at the place where the user wrote the mistake.

    With `help_in_body`, a mistake that the arguments of several calls show is one of the
    block's body.
    """
    first = place if isinstance(place, Span) else place.span
    at, around = written_at(place, context)
    if not around.is_first_faulty_call():
        return
    if at is not first and help_in_body:
        own = Findings()
        shown = [*related, *context.repetitions, *expanded_by(context)]
        own.error(
            code,
            message,
            first,
            label,
            related=shown,
            help=help_in_body,
            numbers=numbers,
        )
        if _is_found_in_body(at, next(iter(own)), context):
            return
    if at is not first:
        related = [Label(first, f"in `{context.block}`"), *related]
    related = [*related, *around.repetitions, *expanded_by(around)]
    context.findings.error(
        code,
        message,
        at,
        label,
        related=related,
        help=help,
        numbers=numbers,
        proposals=proposals,
    )


def _is_found_in_body(at: Span, own: Diagnostic, context: Context) -> bool:
    """Whether the arguments of two calls show a mistake of the body, its `own` finding."""
    run, first = context.run, own.primary.span
    place, own = run.in_calls.setdefault((own.code, first), (at, own))
    if place == at:
        return False
    context.findings.replace(own.code, place, own)
    run.in_calls[own.code, first] = first, own
    return True


def written_at(place: Expression | Span, context: Context) -> tuple[Span, Context]:
    """The place in the user's text, and its context.

    An error inside of the library is reported at the call. If a block passes on a
    parameter, the place is the argument in the block's call.
    """
    while not isinstance(place, Span):
        argument = context.argument(place)
        if argument is None or context.caller is None:
            place = place.span
        else:
            place, context = argument, context.caller
    while context.scope.environment.bundled and context.caller:
        place, context = context.calls[-1], context.caller
    return place, context


def expanded_by(context: Context) -> list[Label]:
    """Labels at the call of the block with the error, and at the call in the network."""
    if not context.calls:
        return []
    labels = [Label(context.calls[-1], f"in `{context.block}`, called here")]
    if len(context.calls) > 1:
        labels.append(Label(context.calls[0], "which this step expands to"))
    return labels
