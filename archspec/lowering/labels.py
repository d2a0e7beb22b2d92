"""Labels, the names they make in the state dict, and `ref`, which reads them."""

from __future__ import annotations

import ast
import keyword

from archspec.diagnostics.diagnostic import Label
from archspec.diagnostics.source import Span
from archspec.diagnostics.suggest import did_you_mean
from archspec.frontend.ast import Call, Name, StepLabel
from archspec.frontend.parser import LABEL, MAX_LABEL
from archspec.ir import graph as ir
from archspec.ir.symbolic import Traced, constant, literal
from archspec.lowering.context import Context, Items
from archspec.lowering.evaluate import describe
from archspec.lowering.module_names import MODULE_NAMES
from archspec.lowering.values import evaluate


def lower_label(label: StepLabel, x: ir.Value, context: Context) -> Traced:
    """A label's text, and as Python where it holds expressions."""
    text = ""
    parts: list[ast.expr] = []
    known = True
    for part in label.parts:
        if isinstance(part, str):
            text += part
            parts.append(constant(part))
            continue
        value = evaluate(part, x, context)
        if value is None:
            known = False
        elif not isinstance(value.value, int | float | str):
            known = False
            context.findings.error(
                "invalid-label",
                f"a label has numbers in it, found {describe(value.value)}",
                label.span,
            )
        else:
            text += str(value.value)
            parts.append(ast.FormattedValue(value.code, -1, None))
    text = text[: MAX_LABEL + 1]  # every layer in it has it in its path
    if known:
        _check_label(text, label, context)
    if all(isinstance(part, str) for part in label.parts):
        return literal(text)
    return Traced(text, ast.JoinedStr(parts))


def _check_label(text: str, label: StepLabel, context: Context) -> None:
    """A label is free in its level, and a name that torch and Python leave free."""
    if not LABEL.fullmatch(text):
        context.findings.error(
            "invalid-label",
            f"`{text}` cannot be a label",
            label.span,
            help="a label is letters, digits and `_`; `//` divides to an integer",
        )
    elif text in MODULE_NAMES or keyword.iskeyword(text):
        owner = "Python" if keyword.iskeyword(text) else "torch"
        context.findings.error(
            "invalid-label",
            f"`{text}` is {owner}'s own name, it cannot be a label",
            label.span,
            help=f"write `{text}_`, or another name",
        )
    spans = context.level.spans
    if text in spans:
        _report_duplicate(text, label, spans[text], context)
    else:
        spans[text] = label.span


def _report_duplicate(
    text: str, label: StepLabel, first: Span, context: Context
) -> None:
    again = first.start == label.span.start
    written = label.span.text
    help = "rename one of them"
    if again:
        numbered = f"`{written}{{i}}`"
        help = f"in a repeat, number it: {numbered if '{' not in written else '`{i}`'}"
    context.findings.error(
        "duplicate-label",
        f"the label `{text}` is used twice in this body",
        label.span,
        related=[] if again else [Label(first, "first used here")],
        help=help,
    )


def lower_reference(call: Call, context: Context, items: Items) -> ir.Value:
    """`ref(stem)`: the value goes on from the step with that label."""
    label = _label_of(call)
    if label is None:
        context.findings.error(
            "invalid-syntax",
            "`ref` takes the name of one label",
            call.span,
            help=_example(call, context),
        )
        return ir.Value(None)
    if label.id not in context.labels:
        _report_dangling(label, context)
        return ir.Value(None)
    value = context.labels[label.id]
    items.append(ir.Reference(label.id, value))
    return value


def _example(call: Call, context: Context) -> str:
    """One of the labels, if there is one."""
    given = [a.value.id for a in call.arguments if isinstance(a.value, Name)]
    known = [name for name in given if name in context.labels] or [*context.labels]
    if known:
        return f"write `ref({known[-1]})`"
    return "write `ref(stem)` for the output of the step `stem: ...`"


def report_misplaced(call: Call, context: Context) -> None:
    """`ref` does not start its chain."""
    label = _label_of(call)
    context.findings.error(
        "misplaced-ref",
        "`ref` drops what the chain has made so far",
        call.span,
        help=f"start a chain with it: `ref({label.id if label else 'stem'}) | ...`",
    )


def _label_of(call: Call) -> Name | None:
    if len(call.arguments) != 1 or call.arguments[0].keyword:
        return None
    value = call.arguments[0].value
    return value if isinstance(value, Name) else None


def _report_dangling(label: Name, context: Context) -> None:
    help = did_you_mean(label.id, context.labels)
    if label.id in (head.name for head in context.run.heads):
        help = f"`{label.id}` is a head: inference has no output of it"
    if not help and label.id in context.outer_labels:
        help = "a labelled group is a body of its own: it reads only what comes in"
    elif not help and context.labels:
        listed = ", ".join(f"`{known}`" for known in context.labels)
        help = f"the labels so far are {listed}"
    context.findings.error(
        "dangling-ref",
        f"no earlier step of this body has the label `{label.id}`",
        label.span,
        help=help or f"label the step to read: `{label.id}: ...`",
    )
