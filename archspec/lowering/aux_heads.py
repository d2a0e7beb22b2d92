"""`aux`: heads that are extra outputs in training, each of the network's own shape."""

from __future__ import annotations

from archspec.diagnostics.diagnostic import Label
from archspec.frontend.ast import Aux
from archspec.ir import graph as ir
from archspec.lowering.context import AuxHead, Context, Items
from archspec.lowering.faults import AuxFault
from archspec.lowering.label_text import lower_label
from archspec.lowering.labeled_steps import lower_named
from archspec.lowering.provenance import format_shape, producer


def lower_aux(aux: Aux, x: ir.Value, context: Context, items: Items) -> ir.Value:
    """Append heads next to the network: they take no number, and no `ref` reads them."""
    for step in aux.heads:
        name = lower_label(step.label, x, context)
        made: Items = []
        y = lower_named(step, name, x, context, made)
        items += [
            ir.Head(item, x, y)
            for item in made
            if isinstance(item, ir.Layer | ir.Module)
        ]
        if not context.values_unknown:
            context.run.heads.append(AuxHead(step, name.value, x, y, context))
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
            f"expected the head `{head.name}` to make {format_shape(wanted)}, as the "
            f"network does, found {format_shape(found)}",
            head.step.label.span,
            related=_producers(head, output),
            help="a head is trained on the network's own labels, and has its shape",
            fault=AuxFault(head, wanted.plain()),
        )


def _producers(head: AuxHead, output: ir.Value) -> list[Label]:
    """The producers of the two shapes, or of one if it makes both."""
    own, other = producer(head.output), producer(output)
    return own + [label for label in other if label not in own]
