"""The inputs and outputs of a network: `input: {image: ..., depth: ...}`, `outputs:`."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from archspec.diagnostics.diagnostic import Edit, Findings, Fix, Replacement
from archspec.diagnostics.source import Span
from archspec.diagnostics.suggest import did_you_mean
from archspec.frontend.ast import (
    Broken,
    Chain,
    Group,
    If,
    Labeled,
    LabelPath,
    Let,
    Merge,
    Name,
    Step,
)
from archspec.frontend.step_traversal import children, starts_with_ref
from archspec.ir import graph as ir
from archspec.lowering.context import Context
from archspec.lowering.references import path_of


def first_value(net: Group, inputs: Sequence[ir.Port], findings: Findings) -> ir.Value:
    """What the first step reads. It cannot read several inputs, so it is a `ref`."""
    if len(inputs) == 1:
        return inputs[0].value
    plain = _first_without_ref(net)
    if inputs and plain is not None:
        name = inputs[0].name
        findings.error(
            "missing-ref",
            f"the network has {len(inputs)} inputs, and this step names none of them",
            plain,
            help=f"begin with one: `ref({name}) | ...`, or join chains that do",
            proposals=_joined_inputs(plain, inputs),
        )
    return ir.Value(None)


def _joined_inputs(step: Span, inputs: Sequence[ir.Port]) -> list[Fix]:
    """The fix that joins the inputs in a line before the step."""
    source, start = step.source, step.start - (step.column - 1)
    dash = re.match(" *- ", source.text[start : step.start])
    if dash is None:
        return []
    step_text = f"concat: [{', '.join(f'ref({port.name})' for port in inputs)}]"
    at = source.span(start + dash.end(), start + dash.end())
    edits = (Edit(at, f"{step_text}\n{dash[0]}"),)
    return [Fix(f"add the step `{step_text}`", edits, is_strong=False)]


def _first_without_ref(step: Step) -> Span | None:
    """The place where a step reads what comes in, without a `ref`."""
    match step:
        case Chain() if not starts_with_ref(step):
            return step.calls[0].span
        case Group():
            steps = (each for each in step.steps if not isinstance(each, Let))
            return next(map(_first_without_ref, steps), None)
        case Labeled():
            return _first_without_ref(step.step)
        case Merge(kind="split"):
            return step.span
        case Merge() | If():
            places = map(_first_without_ref, children(step))
            return next((place for place in places if place), None)
        case Chain() | Broken():
            return None
        case _:
            return step.span


def outputs_of(
    paths: Sequence[Name | LabelPath],
    inputs: Sequence[ir.Port],
    last: ir.Value,
    context: Context,
) -> tuple[ir.Port, ...]:
    """The named outputs, or the output of the last step."""
    if not paths:
        return (ir.Port("output", last),)
    names = [path_of(path, last, context) for path in paths]
    return tuple(
        _output(name, inputs, context) if name else ir.Port("", ir.Value(None))
        for name in names
    )


def _output(name: Name, inputs: Sequence[ir.Port], context: Context) -> ir.Port:
    found = context.labels.find(name.id)
    values = {port.name: port.value for port in inputs}
    if found is not None:
        reference = context.labels.reference_to(found)
        if values.get(name.id) is not reference.value:
            return ir.Port(name.id, reference.value, reference.label)
    labels = [
        label
        for label, value in context.labels.all_outputs()
        if values.get(label) is not value
    ]
    if context.labels.may_have(name.id):
        return ir.Port(name.id, ir.Value(None))
    is_head = name.id in (head.name for head in context.run.heads)
    help = did_you_mean(name.id, labels)
    if is_head:
        help = "training returns the heads after the outputs, so omit it"
    elif not help and name.id in values:
        help = f"label a step that reads it: `{name.id}_out: ref({name.id})`"
    elif not help and (around := _last_known(name.id, labels)):
        inner = name.id[len(around) + 1 :]
        help = Replacement(f"write `{around}`: it has no label `{inner}`", around)
    elif not help and labels:
        help = f"the labels are {', '.join(f'`{label}`' for label in labels)}"
    message = f"no step of `net` has the label `{name.id}`"
    if is_head:
        message = f"`{name.id}` is a head, not an output"
    elif name.id in values:
        message = f"`{name.id}` is an input, not the label of a step"
    context.findings.error(
        "unknown-output",
        message,
        name.span,
        help=help or f"label its step: `{name.id}: ...`",
        proposals=[*_other_outputs(name, labels, context)] * (not is_head),
    )
    return ir.Port(name.id, ir.Value(None))


def _last_known(path: str, labels: Sequence[str]) -> str:
    """The longest start of a path that is a label: `a` for `a.z`."""
    starts = (path.rsplit(".", n)[0] for n in range(1, path.count(".") + 1))
    return next((start for start in starts if start in labels), "")


def _other_outputs(
    name: Name, labels: Sequence[str], context: Context
) -> Iterator[Fix]:
    """The label for the last step, or another label, the last first."""
    net = context.labels.body
    last = net.steps[-1] if isinstance(net, Group) else None
    if isinstance(last, Chain):
        start = last.calls[0].span
        at = start.source.span(start.start, start.start)
        new = name.id if name.id not in context.labels.outputs else f"{name.id}_out"
        edits = (Edit(at, f"{new}: "), Edit(name.span, new))
        yield Fix(f"write `{new}: ...` in line {start.line}", edits, is_strong=False)
    for label in reversed(labels):
        yield Fix(f"write `{label}`", (Edit(name.span, label),), is_strong=False)


def report_unread_inputs(
    inputs: Sequence[ir.Port], body: Sequence[ir.Item], findings: Findings
) -> None:
    """Report inputs that no step reads."""
    if len(inputs) == 1:
        return
    read = {
        value.producer for item in ir.walk(tuple(body)) for value in _values_read(item)
    }
    for port in inputs:
        if port.value.producer not in read and port.value.span:
            findings.error(
                "unread-input",
                f"no step reads the input `{port.name}`",
                port.value.span,
                help=f"`ref({port.name})` reads it; or omit it",
            )


def _values_read(item: ir.Item) -> tuple[ir.Value, ...]:
    match item:
        case ir.Reference():
            return (item.value,)
        case ir.Layer() | ir.Merge() | ir.Collect():
            return item.node.inputs
    return ()
