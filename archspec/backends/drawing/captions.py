"""What a drawing says of layers and blocks, in few words."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from pathlib import PurePath
from typing import Any

from archspec.diagnostics.source import Span
from archspec.ir.graph import Graph, Module, Node, Shape
from archspec.ops.op import Op, pair
from archspec.ops.registry import OPS
from archspec.resolve.scope import Block
from archspec.signatures.signature import REQUIRED, show

SIGNS = {"add": "+", "mul": "×"}  # of ops that join; the others have their names


def describe(node: Node) -> str:
    """A layer: kernel, arguments, and keywords that are no default."""
    op = OPS[node.op]
    values = node.values
    kernel = values.get("kernel_size")
    shown = [] if kernel is None else [f"{pair(kernel)[0]}×{pair(kernel)[1]}"]
    shown += [
        show(values[p.name])
        for p in op.parameters
        if p.positional and p.name != "kernel_size"
    ]
    shown += [
        f"{p.shown}={show(values[p.name])}"
        for p in op.parameters
        if not p.positional
        and p.name != "kernel_size"
        and _is_telling(op, p.name, values)
    ]
    return f"{op.name} {', '.join(shown)}".strip()


def _is_telling(op: Op, name: str, values: dict[str, object]) -> bool:
    """Whether an argument differs from its default."""
    others = {key: value for key, value in values.items() if key != name}
    default = op.defaults(others)[name]
    return default is REQUIRED or values[name] != default


def call(module: Module) -> str:
    """A block as it is called here: `inception(64, (96, 128), (16, 32), 32)`."""
    shown = arguments(module)
    return f"{module.block}({shown})" if shown else module.block


def arguments(module: Module) -> str:
    """Positional ones as the signature groups them, and keywords that are no default."""
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
        return f"({', '.join(_word(item) for item in value)})"
    return value.name if isinstance(value, Op | Block) else show(value)


def title(modules: Sequence[Module]) -> str:
    """`stem`, `residual(64)` or `layer1: residual(64)`; of several, which are alike."""
    return ": ".join(filter(None, [label(modules), call(modules[0])]))


def label(modules: Sequence[Module]) -> str:
    """The label, or the first and the last of several; "" where there is none."""
    names = [str(m.name.value) for m in modules if not str(m.name.value).isdigit()]
    return " … ".join(dict.fromkeys((*names[:1], *names[-1:])))


def sizes(shape: Shape | None) -> str:
    """A shape, in few characters."""
    return "×".join(str(int(size)) for size in shape or ())


def costs(nodes: Iterable[Node], macs_of_all: int) -> tuple[str, str]:
    """`9,408 parameters` and `12% of MACs`; "" for none."""
    counted = tuple(nodes)
    parameters = sum(node.parameters for node in counted)
    macs = sum(node.macs for node in counted)
    return (
        f"{parameters:,} parameters" if parameters else "",
        f"{share(macs, macs_of_all)} of MACs" if macs else "",
    )


def share(part: int, whole: int) -> str:
    """A percentage; what there is little of is not nothing."""
    return f"{part / whole:.0%}" if part * 200 >= whole else "<1%"


def totals(graph: Graph) -> str:
    """A network in one line, without its name."""
    shapes = f"{sizes(graph.input.shape)} → {sizes(graph.output.shape)}"
    return f"{shapes}, {sums(graph)}"


def sums(graph: Graph) -> str:
    """What all layers of a network cost, those of heads among them."""
    costs = f"{graph.parameters:,} parameters, {graph.macs:,} MACs"
    return f"{costs} in training" if graph.heads else costs


def times(count: int) -> str:
    """How often something comes in a row; "" for once."""
    return f"× {count}" if count > 1 else ""


def details(node: Node) -> str:
    """All about a layer, on lines: what it is, its arguments, shapes, costs, place."""
    values = node.values
    parameters = OPS[node.op].parameters
    shown = ", ".join(f"{p.shown}={show(values[p.name])}" for p in parameters)
    lines = [
        f"{node.path}: {node.op}({shown})" if shown else f"{node.path}: {node.op}",
        f"{sizes(node.inputs[0].shape)} → {sizes(node.output.shape)}",
    ]
    if node.parameters:
        lines.append(f"{node.parameters:,} parameters, {node.macs:,} MACs")
    return "\n".join([*lines, place(node.span)])


def place(span: Span) -> str:
    """`lenet:14: conv(6, k=5, p=2)`: where a spec says so."""
    words = " ".join(span.text.split())
    return f"{PurePath(span.source.name).name}:{span.line}: {words}"
