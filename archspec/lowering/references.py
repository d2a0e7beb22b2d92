"""`ref(label)`: a chain that reads the output of an earlier labeled step."""

from __future__ import annotations

from archspec.diagnostics.suggest import did_you_mean
from archspec.frontend.ast import Call, Expression, Literal, Name
from archspec.ir import graph as ir
from archspec.lowering.context import Context, Items


def lower_reference(call: Call, context: Context, items: Items) -> ir.Value:
    """`ref(stem)`: the chain reads the output of the step with that label."""
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
    items.append(ir.Reference(context.level.aliases.get(label.id, label.id), value))
    return value


def read_label(label: Expression, context: Context) -> ir.Reference | None:
    """What an op reads that takes a label: `resize_like(stem)`."""
    if isinstance(label, Literal) and type(label.value) is int:
        label = Name(label.span, str(label.value))
    if not isinstance(label, Name):
        context.findings.error(
            "invalid-syntax",
            "expected the name of a label",
            label.span,
            help=f"write `{[*context.labels, 'stem'][0]}`, say",
        )
        return None
    if label.id not in context.labels:
        _report_dangling(label, context)
        return None
    name = context.level.aliases.get(label.id, label.id)
    return ir.Reference(name, context.labels[label.id])


def _example(call: Call, context: Context) -> str:
    """Help with a call of one of the labels, if there is one."""
    given = [a.value.id for a in call.arguments if isinstance(a.value, Name)]
    known = [name for name in given if name in context.labels] or [*context.labels]
    if known:
        return f"write `ref({known[-1]})`"
    return "write `ref(stem)` for the output of the step `stem: ...`"


def report_misplaced(call: Call, context: Context) -> None:
    """Report a `ref` that is not the first call of its chain."""
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
    if isinstance(value, Literal) and type(value.value) is int:
        return Name(value.span, str(value.value))
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
