"""Steps inserted, omitted, swapped or replaced.

linear(784, 10)          flatten | linear(784, 10)
flatten | global_avgpool global_avgpool | flatten
conv(8, k=3) | conv(8, k=3)    conv(8, k=3)
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import pairwise

from archspec.diagnostics.diagnostic import Edit
from archspec.diagnostics.source import Span
from archspec.diagnostics.suggest import nearest_first
from archspec.frontend.ast import Call, Chain
from archspec.repair.argument_edits import CallEdit, Edits, counts
from archspec.repair.call_edits import edited
from archspec.repair.edit_costs import (
    ADDED,
    COPY,
    COUNTED,
    FLATTENED_POOL,
    INSERTED,
    LEFT_OUT,
    OTHER_LABEL,
    PROJECTION,
    REMOVED,
    SWAPPED,
    SYNTAX,
    WITHOUT_COUNT,
)

FLATTENING = ("flatten", "tokens")
GLOBAL_POOLS = ("global_avgpool", "global_maxpool")
REDUCING = ("maxpool", "avgpool", "global_avgpool", "upsample", *FLATTENING)


def inserted_before(call: Call) -> Edits:
    """`flatten` or `tokens` before a call, whose count may be stale as well."""
    for name in FLATTENING:
        known = [e for e in counts(call) if e.cost == WITHOUT_COUNT]  # no stated count
        cost = COUNTED if known and name == "flatten" else ADDED
        yield CallEdit(cost, Edit(call.span, f"{name} | {call.span.text}"))
        for each in known:
            text = f"{name} | {edited(call, each.edit)}"
            yield CallEdit(ADDED + 0.1, Edit(call.span, text))


def appended(call: Call) -> Edits:
    """`flatten` or `tokens` behind a call that a later one reads."""
    for name in FLATTENING:
        is_usual = name == "flatten" and call.name.id in GLOBAL_POOLS
        cost = FLATTENED_POOL if is_usual else ADDED + 0.05
        yield CallEdit(cost, Edit(call.span, f"{call.span.text} | {name}"))


def enlarged(call: Call) -> Edits:
    """The output of a `ref` or what comes in, at a larger scale."""
    for scale in (2, 4):
        if call.name.id == "ref":
            text = f"{call.span.text} | upsample({scale})"
            yield CallEdit(ADDED + scale / 100, Edit(call.span, text))
        elif call.name.id == "identity":
            edit = Edit(call.span, f"upsample({scale})")
            yield CallEdit(ADDED + scale / 100, edit, is_strong=False)


def other_labels(call: Call, labels: Iterable[str], *, is_dangling: bool) -> Edits:
    """Another label in a `ref`, and a `ref` in place of what comes in."""
    if call.name.id in ("ref", "tied") and call.arguments:
        wrong = call.arguments[0].span.text
        others = [*dict.fromkeys(labels)]
        for text in nearest_first(wrong, others) if is_dangling else others:
            if text != wrong:
                cost = OTHER_LABEL + 0.6 * (not is_dangling)
                yield CallEdit(cost, Edit(call.arguments[0].span, text))
    elif call.name.id == "identity":
        for text in dict.fromkeys(labels):
            yield CallEdit(PROJECTION + 0.2, Edit(call.span, f"ref({text})"))


def chain_edits(chain: Chain) -> Iterator[tuple[Call, CallEdit]]:
    """A call of a chain left out, or two neighbors swapped."""
    calls = chain.calls
    texts = [call.span.text for call in calls]
    for place, call in enumerate(calls):
        if len(calls) == 1:
            continue
        around = texts[max(place - 1, 0) : place + 2]
        cost = COPY if around.count(call.span.text) > 1 else REMOVED
        if call.name.id in FLATTENING:
            cost = LEFT_OUT
        if not call.assertion:
            yield call, CallEdit(cost, without_call(chain, call))
    for first, second in pairwise(calls):
        yield second, swapped(first.span, second.span)


def without_call(chain: Chain, call: Call) -> Edit:
    """A chain of several calls without one of them."""
    source, start, end = call.span
    place = next(n for n, each in enumerate(chain.calls) if each is call)
    if place:
        start = chain.calls[place - 1].span.end
    else:
        end = chain.calls[1].span.start
    return Edit(source.span(start, end), "")


def swapped(first: Span, second: Span) -> CallEdit:
    """Two calls of a chain in the other order."""
    edit = Edit(first.to(second), f"{second.text} | {first.text}")
    return CallEdit(swap_cost(first, second), edit)


def swap_cost(first: Span, second: Span) -> float:
    """What it costs to write two steps in the other order."""
    if second.text.startswith("ref("):
        return SYNTAX
    if (first.text, second.text) == ("flatten", "global_avgpool"):
        return LEFT_OUT - 0.1
    if second.text in ("global_avgpool", *FLATTENING) or first.text in FLATTENING:
        return ADDED
    return SWAPPED


def copied(call: Call, others: Iterable[str]) -> Edits:
    """A call of the spec once more, behind this one or before it."""
    for text in others:
        cost = INSERTED - 0.1 * (text == call.span.text)
        yield CallEdit(cost, Edit(call.span, f"{call.span.text} | {text}"))
        yield CallEdit(cost + 0.02, Edit(call.span, f"{text} | {call.span.text}"))
