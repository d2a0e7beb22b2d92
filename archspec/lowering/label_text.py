"""The text of a label, in which `{...}` computes: `stage{i + 1}`."""

from __future__ import annotations

import ast
import keyword

from archspec.frontend.ast import StepLabel
from archspec.frontend.call_parser import LABEL, MAX_LABEL
from archspec.ir import graph as ir
from archspec.ir.symbolic import Symbolic, constant, literal
from archspec.lowering.context import Context
from archspec.lowering.layer_names import take_label
from archspec.lowering.reserved_labels import RESERVED_LABELS
from archspec.lowering.values_in_context import evaluate
from archspec.resolve.expression_values import describe


def lower_label(label: StepLabel, x: ir.Value, context: Context) -> Symbolic:
    """The text of a label, with the Python that computes it: `f"stage{i + 1}"`."""
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
    return Symbolic(text, ast.JoinedStr(parts))


def _check_label(text: str, label: StepLabel, context: Context) -> None:
    """Report a label that is taken in its level, or reserved by torch or Python."""
    if not LABEL.fullmatch(text):
        context.findings.error(
            "invalid-label",
            f"`{text}` cannot be a label",
            label.span,
            help="a label is letters, digits, `_` and `-`; `//` divides to an integer",
        )
    elif text in RESERVED_LABELS or keyword.iskeyword(text):
        owner = "Python" if keyword.iskeyword(text) else "torch"
        context.findings.error(
            "invalid-label",
            f"`{text}` is {owner}'s own name, it cannot be a label",
            label.span,
            help=f"write `{text}_`, or another name",
        )
    take_label(text, label, context)
