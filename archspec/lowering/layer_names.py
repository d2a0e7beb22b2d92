"""Name the layers of a level: each name once, whether it is a label or a count."""

from __future__ import annotations

from archspec.diagnostics.diagnostic import Label, Offer
from archspec.diagnostics.source import Span
from archspec.frontend.ast import Call, StepLabel
from archspec.ir.symbolic import Symbolic, literal
from archspec.lowering.context import Context
from archspec.lowering.reserved_labels import RESERVED_LABELS


def name_by_level(call: Call, context: Context) -> Symbolic:
    """The ordinal of an unlabeled layer, or the name it is called by and a count."""
    level, span = context.level, call.name.span
    name = level.next_name(call.name.id)
    first = level.spans.setdefault(name, span)
    if not level.has_all_layers:
        return literal(name)
    if first is not span:
        _report_taken(name, span, first, context, of=call)
    elif name in RESERVED_LABELS:
        _report_reserved(name, call, context)
    return literal(name)


def take_label(text: str, label: StepLabel, context: Context) -> None:
    """Note the text of a label, and report it if its level has the name already."""
    level = context.level
    first = level.spans.setdefault(text, label.span)
    if text in level.labels:
        _report_duplicate(text, label, first, context)
    elif first is not label.span and level.has_all_layers:
        _report_taken(text, label.span, first, context)
    level.labels.add(text)


def _report_duplicate(
    text: str, label: StepLabel, first: Span, context: Context
) -> None:
    again = first.start == label.span.start
    written = label.span.text
    help = "rename one of them"
    if again:
        numbered = '"{i}"' if "{" in written else f"{written}{{i}}"
        help = Offer(f"in a repeat, number it: `{numbered}`", numbered)
    context.findings.error(
        "duplicate-label",
        f"the label `{text}` is used twice in this body",
        label.span,
        related=[] if again else [Label(first, "first used here")],
        help=help,
    )


def _report_taken(
    name: str, second: Span, first: Span, context: Context, *, of: Call | None = None
) -> None:
    """Report that two layers have one name; the second is `of` a call, or a label."""
    level = context.level
    counted = "its number" if level.is_plain_chain else "what it calls and a count"
    free = f"layer{name}" if name.isdigit() else f"{name}_"
    while free in level.spans:
        free += "_"
    context.findings.error(
        "duplicate-label",
        f"two layers of this body have the name `{name}` in the state dict",
        second,
        related=[Label(first, "the first layer with this name")],
        help=Offer(
            f"give one of them the label `{free}`: without a label, a layer is named by "
            f"{counted}",
            f"{free}: {of.span.text}" if of else free,
        ),
    )


def _report_reserved(name: str, call: Call, context: Context) -> None:
    labeled = f"{name}_: {call.span.text}"
    context.findings.error(
        "invalid-label",
        f"this layer would have the name `{name}`, which is torch's own",
        call.name.span,
        help=Offer(f"label it: `{labeled}`", labeled),
    )
