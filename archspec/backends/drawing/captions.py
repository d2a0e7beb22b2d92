"""Captions of a drawing: layers, blocks, shapes and costs in a few words."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from pathlib import PurePath
from typing import Any

from archspec.diagnostics.source import Span
from archspec.ir.graph import Graph, Module, Node, Sizes
from archspec.ops.merging import MERGES
from archspec.ops.op import Op
from archspec.ops.registry import OPS
from archspec.ops.shapes import pair
from archspec.resolve.partial_call import is_callee, text_of
from archspec.signatures.signature import REQUIRED, show

DIGITS = 6  # a longer number is rounded to three: a drop rate of 0.05454545454545456

# --- layers and merges ---------------------------------------------------------------


def describe(node: Node) -> str:
    """Describe a layer: kernel, positional arguments, keywords unequal to a default.

    `conv(64, k=3, s=1, p=1)` -> `conv 3×3, 64, p=1`.
    """
    op = OPS[node.op]
    values = node.values
    kernel = values.get("kernel_size")
    shown = [] if kernel is None else [f"{pair(kernel)[0]}×{pair(kernel)[1]}"]
    shown += [
        _word(values[p.name])
        for p in op.parameters
        if p.positional and p.name != "kernel_size"
    ]
    shown += [
        f"{p.shown}={_word(values[p.name])}"
        for p in op.parameters
        if not p.positional
        and p.name != "kernel_size"
        and _differs_from_default(op, p.name, values)
    ]
    if node.tied_to == node.path:
        shown.append("tied")
    return f"{op.name} {', '.join(shown)}".strip()


def _differs_from_default(op: Op, name: str, values: dict[str, object]) -> bool:
    others = {key: value for key, value in values.items() if key != name}
    default = op.defaults(others)[name]
    return default is REQUIRED or values[name] != default


def details(node: Node) -> str:
    """Describe a layer in full, for a tooltip: arguments, shapes, costs, location.

    `lenet.yaml` line 13 ->

        0: conv(out_channels=6, k=5, s=1, p=2, d=1, g=1, bias=true)
        1×28×28 → 6×28×28
        156 parameters, 117,600 MACs
        lenet:13: conv(6, k=5, p=2)
    """
    values = node.values
    parameters = OPS[node.op].parameters
    shown = ", ".join(f"{p.shown}={show(values[p.name])}" for p in parameters)
    lines = [
        f"{node.path}: {node.op}({shown})" if shown else f"{node.path}: {node.op}",
        f"{sizes(node.inputs[0].shape)} → {sizes(node.output.shape)}",
    ]
    if node.parameters:
        lines.append(f"{node.parameters:,} parameters, {node.macs:,} MACs")
    elif node.weights:
        lines.append(f"the weights of `{node.tied_to}`, {node.macs:,} MACs")
    return "\n".join([*lines, location(node.span)])


def merge_caption(node: Node) -> str:
    """Return the sign of a merge, `+` or `×`, or its name if it has no sign."""
    return MERGES[node.op].sign or node.op


# --- blocks --------------------------------------------------------------------------


def title(modules: Sequence[Module]) -> str:
    """Return the title of equal blocks in a row: label, then call.

    `stem: [...]` -> `stem`, `residual(64)` -> `residual(64)`, and two blocks with the
    labels `unit1` and `unit2` -> `unit1 … unit2: unit`.
    """
    words = ": ".join(filter(None, [label(modules), call(modules[0])]))
    return f"{words}, tied" if modules[0].is_tied else words


def label(modules: Sequence[Module]) -> str:
    """Return the first and last labels of some blocks; "" if they have none."""
    names = [str(m.name.value) for m in modules if m.is_labeled]
    return " … ".join(dict.fromkeys((*names[:1], *names[-1:])))


def call(module: Module) -> str:
    """Return a block's call with values: `inception(64, (96, 128), (16, 32), 32)`."""
    shown = arguments(module)
    return f"{module.block}({shown})" if shown else module.block


def arguments(module: Module) -> str:
    """Return the arguments of a block's call, without keywords equal to a default.

    Positional arguments are grouped as in the signature:
    `unit(c1, (r3, c3), *, s=1)` called as `unit(64, (96, 128), s=2)`
    -> `64, (96, 128), s=2`.
    """
    values = {name: item.value for name, item in module.arguments.items()}
    positional = module.signature.partition("(")[2].removesuffix(")").split("*")[0]
    parts = [re.sub(r"\w+", lambda m: _word(values[m[0]]), positional.rstrip(", "))]
    parts += [
        f"{name}={_word(value)}"
        for name, value in values.items()
        if name in module.given & module.keyword_only
        and module.defaults.get(name) != value
    ]
    return ", ".join(part for part in parts if part)


def _word(value: Any) -> str:
    if isinstance(value, tuple):
        inner = ", ".join(map(_word, value))
        return f"({inner},)" if len(value) == 1 else f"({inner})"
    if isinstance(value, float) and len(str(value)) > DIGITS:
        return f"{value:.3g}"
    return text_of(value) if is_callee(value) else show(value)


def times(count: int) -> str:
    """Return how often a part is repeated, as `× 3`; "" for once."""
    return f"× {count}" if count > 1 else ""


# --- shapes, costs, locations --------------------------------------------------------


def sizes(shape: Sizes | None) -> str:
    """Return a shape as `64×56×56`, and `?` for one that an error leaves unknown."""
    return "?" if shape is None else "×".join(str(int(size)) for size in shape)


def costs(nodes: Iterable[Node], macs_of_all: int | None) -> tuple[str, str]:
    """Return `9,408 parameters` and `12% of MACs`, each "" if there are none.

    `macs_of_all` is None for a drawing without costs.
    """
    if macs_of_all is None:
        return "", ""
    counted = tuple(nodes)
    parameters = sum(node.parameters for node in counted)
    macs = sum(node.macs for node in counted)
    return (
        f"{parameters:,} parameters" if parameters else "",
        f"{share(macs, macs_of_all)} of MACs" if macs else "",
    )


def share(part: int, whole: int) -> str:
    """Return a percentage, `<1%` for a small one: it is not zero."""
    return f"{part / whole:.0%}" if part * 200 >= whole else "<1%"


def overview(graph: Graph) -> str:
    """Describe a network: `1×28×28 → 10, 61,706 parameters, 416,520 MACs`."""
    inputs, outputs = (
        ", ".join(sizes(port.shape) for port in ports)
        for ports in (graph.inputs, graph.outputs)
    )
    shapes = f"{inputs} → {outputs}"
    return f"{shapes}, {total_costs(graph)}"


def total_costs(graph: Graph) -> str:
    """Return the costs of all layers of a network, including the heads."""
    costs = f"{graph.parameters:,} parameters, {graph.macs:,} MACs"
    return f"{costs} in training" if graph.heads else costs


def location(span: Span) -> str:
    """Return where a spec defines a part: `lenet:14: conv(6, k=5, p=2)`."""
    words = " ".join(span.text.split())
    return f"{PurePath(span.source.name).name}:{span.line}: {words}"
