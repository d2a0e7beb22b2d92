"""`tied(label)`: the layers of an earlier step once more, with the same weights.

    - concat:
        - trunk: ref(left) | resnet18
        - ref(right) | tied(trunk)

The layers are those of the graph, so that they run with the settings they have. What
comes in may be of another size, but not of one that needs other weights.
"""

from __future__ import annotations

from archspec.diagnostics.diagnostic import (
    Edit,
    Fix,
    Label,
    Offer,
    Replacement,
    write,
)
from archspec.frontend.ast import Call, Chain, Name
from archspec.frontend.step_traversal import children, is_tied
from archspec.ir import graph as ir
from archspec.ir.symbolic import code_of, variables
from archspec.lowering.context import Context, Items
from archspec.lowering.labels import LabeledLayers
from archspec.lowering.provenance import producer, report
from archspec.lowering.references import find_label, only_path
from archspec.lowering.second_run import run_again
from archspec.lowering.symbolic_channels import channels_as
from archspec.ops.shapes import ShapeError
from archspec.resolve.scope import CIN

LONGEST_FIX = 60  # characters of a step that a fix repeats


def lower_tied(
    call: Call, x: ir.Value, context: Context, items: Items, name: str = ""
) -> ir.Value:
    """Run the layers of a labeled step on `x`; `name` is the label of `tied` itself."""
    layers = _layers_of(call, x, context)
    if layers is None or x.shape is None:
        return ir.Value(None)
    try:
        item = run_again(layers.item, x, call.span, context)
    except ShapeError as error:
        _report(error, call, layers, x, context)
        return ir.Value(None)
    levels, label = context.labels.place_of(layers.found)
    made = item.output if isinstance(item, ir.Module) else item.node.output
    y = ir.Value(_shape(made, layers, context), made.producer, call.span, x)
    items.append(ir.Tied(label, levels, item, y, call.span, name))
    if name:
        context.labels.layers[name] = layers
    return y


def _layers_of(call: Call, x: ir.Value, context: Context) -> LabeledLayers | None:
    label = only_path(call)
    if label is None:
        context.findings.error(
            "invalid-syntax",
            "`tied` takes the label of one step",
            call.span,
            help=_example(call, context),
        )
        return None
    found = find_label(label, x, context, of_layers=True)
    if found is None:
        return None
    layers = found.labels.layers.get(found.name)
    if found.labels.outputs[found.name].shape is None:
        return None
    if layers is None or not any(map(_is_layer, ir.walk((layers.item,)))):
        read = f"ref({label.span.text})"
        context.findings.error(
            "tied-mismatch",
            f"the step `{label.span.text}` has no layers of its own to run again",
            label.span,
            help=Offer(f"`{read}` reads its output", read),
            proposals=_written_again(layers, call) if layers else [],
        )
        return None
    return layers


def _example(call: Call, context: Context) -> str:
    """Help with one of the labels that `tied(a, b)` has, if there is one."""
    labels = context.labels.known_layers()
    given = [a.value.id for a in call.arguments if isinstance(a.value, Name)]
    known = [name for name in given if name in labels]
    if known:
        return write(f"tied({known[0]})")
    return "write `tied(stem)` for the layers of the step `stem: ...`"


def _written_again(layers: LabeledLayers, call: Call) -> list[Fix]:
    """The fix for a group of `tied` steps alone: the same steps once more."""
    steps = children(layers.step) or (layers.step,)
    if not all(map(is_tied, steps)):
        return []
    text = " | ".join(step.span.text for step in steps)
    return [Fix(f"write `{text}`", (Edit(call.span, text),))]


def _shape(made: ir.Value, layers: LabeledLayers, context: Context) -> ir.Shape | None:
    """The output's shape, its channels as an expression over the block's parameters."""
    first = layers.found.labels.outputs[layers.found.name].shape
    if made.shape is None or first is None or made.shape.channels != first.channels:
        return made.shape
    code = code_of(first.channels)
    known = {CIN, *context.given}
    is_valid_here = all(n in known or ir.is_param(n) for n in variables(code))
    return channels_as(made.shape, code) if is_valid_here else made.shape


def _is_layer(item: ir.Item) -> bool:
    return isinstance(item, ir.Layer) and item.node.op != "identity"


def _report(
    error: ShapeError,
    call: Call,
    layers: LabeledLayers,
    x: ir.Value,
    context: Context,
) -> None:
    text = " ".join(layers.step.span.text.split())
    helps: list[str] = []
    first = _entry(layers.item).shape
    assert first is not None
    assert x.shape is not None
    if first.axes == x.shape.axes == "CHW" and first.channels == x.shape.channels:
        height, width = first.spatial
        resized = f"resize(({height}, {width})) | {call.span.text}"
        helps.append(Replacement(f"write `{resized}` for the size they fit", resized))
    if isinstance(layers.step, Chain) and len(text) <= LONGEST_FIX:
        helps.append(Replacement(f"write `{text}` for weights of its own", text))
    report(
        context,
        "tied-mismatch",
        error.message,
        call.span,
        related=[Label(layers.step.span, "these layers"), *producer(x)],
        help=helps,
    )


def _entry(item: ir.Layer | ir.Module) -> ir.Value:
    return item.input if isinstance(item, ir.Module) else item.node.inputs[0]
