"""`aux`: heads that are extra outputs in training, each of the network's own shape."""

from __future__ import annotations

from archspec.diagnostics.diagnostic import Label
from archspec.frontend.ast import Aux
from archspec.frontend.step_traversal import split_at_ref
from archspec.ir import graph as ir
from archspec.lowering.context import AuxHead, Context, Items
from archspec.lowering.label_text import lower_label
from archspec.lowering.labeled_steps import lower_named
from archspec.lowering.provenance import format_shape, producer


def lower_aux(aux: Aux, x: ir.Value, context: Context, items: Items) -> ir.Value:
    """Append heads next to the network: they take no number, and no `ref` reads them."""
    for head in aux.heads:
        step = head
        name = lower_label(step.label, x, context)
        made: Items = []
        entry, reads = x, None
        parts = split_at_ref(step.step)
        if parts is not None:
            start: Items = []
            entry = context.run.step(parts[0], x, context, start)
            reads = next((i for i in start if isinstance(i, ir.Reference)), None)
            step = step._replace(step=parts[1])
        y = lower_named(step, name, entry, context, made)
        context.labels.groups.pop(name.value, None)
        items += [
            ir.Head(item, entry, y, x, reads)
            for item in made
            if isinstance(item, ir.Layer | ir.Module)
        ]
        if not context.values_unknown:
            context.run.heads.append(AuxHead(step, name.value, y))
    return x


def check_aux_heads(output: ir.Value, context: Context) -> None:
    """Report heads that cannot be trained on the network's labels."""
    wanted = output.shape
    if wanted is None:
        return
    for head in context.run.heads:
        found = head.output.shape
        if found is None or found.agrees(wanted):
            continue
        context.findings.error(
            "output-mismatch",
            f"expected the head `{head.name}` to output {format_shape(wanted)}, as "
            f"the network, found {format_shape(found)}",
            head.step.label.span,
            related=_producers(head, output),
            help="a head is trained on the network's own labels, and has its shape",
            numbers=[*wanted.plain(), *found.plain()],
        )


def _producers(head: AuxHead, output: ir.Value) -> list[Label]:
    """The producers of the two shapes, or of one if it makes both."""
    own, other = producer(head.output), producer(output)
    return own + [label for label in other if label not in own]
