"""The text of a label, in which `{...}` computes: `stage{i + 1}`."""

from __future__ import annotations

import ast
import keyword

from archspec.diagnostics.diagnostic import Replacement
from archspec.frontend.ast import LabelPath, StepLabel
from archspec.frontend.call_parser import LABEL, MAX_LABEL
from archspec.frontend.renamed_labels import renamed_label
from archspec.ir import graph as ir
from archspec.ir.symbolic import Symbolic, constant, literal
from archspec.lowering.context import Context
from archspec.lowering.layer_names import take_label
from archspec.lowering.reserved_labels import RESERVED_LABELS
from archspec.lowering.values_in_context import evaluate
from archspec.resolve.scope import STEP_WORDS
from archspec.resolve.value_text import describe


def lower_label(label: StepLabel, x: ir.Value, context: Context) -> Symbolic:
    """The text of a label, with the Python that computes it: `f"stage{i + 1}"`."""
    text = label_text(label, x, context)
    if text is None:
        return literal(label.span.text)
    _check_label(text.value, label, context)
    return text


def label_text(
    label: StepLabel | LabelPath, x: ir.Value, context: Context
) -> Symbolic | None:
    """The text of a label or of a path of labels; None if unknown."""
    text = ""
    parts: list[ast.expr] = []
    for part in label.parts:
        if isinstance(part, str):
            text += part
            parts.append(constant(part))
            continue
        value = evaluate(part, x, context)
        if value is None:
            return None
        if not isinstance(value.value, int | float | str):
            context.findings.error(
                "invalid-label",
                f"a label has numbers in it, found {describe(value.value)}",
                label.span,
            )
            return None
        text += str(value.value)
        parts.append(ast.FormattedValue(value.code, -1, None))
    text = text[: MAX_LABEL + 1]  # every layer in it has it in its path
    if all(isinstance(part, str) for part in label.parts):
        return literal(text)
    return Symbolic(text, ast.JoinedStr(parts))


def _check_label(text: str, label: StepLabel, context: Context) -> None:
    """Report a label that is taken in its level, or reserved by the language, Python or torch."""
    if not context.is_taken:
        return
    if not LABEL.fullmatch(text):
        context.findings.error(
            "invalid-label",
            f"`{text}` cannot be a label",
            label.span,
            help=Replacement(
                "a label is letters, digits, `_` and `-`; `//` divides to an integer",
                label.span.text.replace("/", "//"),
            ),
        )
    elif reason := _reserved(text):
        other = f"{text.strip('_')}_"
        context.findings.error(
            "invalid-label",
            f"`{text}` is {reason}, it cannot be a label",
            label.span,
            help=f"write `{other}`, or another name",
            proposals=[renamed_label(label.span, other)],
        )
    take_label(text, label, context)


def _reserved(text: str) -> str:
    """Why a label is reserved; "" if it is not."""
    if text in STEP_WORDS:
        return "a word of the language"
    if _is_pythons(text):
        return "Python's own name"
    return "torch's own name" if text in RESERVED_LABELS else ""


def _is_pythons(text: str) -> bool:
    return keyword.iskeyword(text) or (text.startswith("__") and text.endswith("__"))
