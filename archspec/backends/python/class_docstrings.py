"""Docstrings of emitted classes: what a block does, in words, and its shapes.

The comment above a block says what it does; without one, its steps do:

    unit(cout, *, s=1):           ->   Convolution, batch norm, ReLU.
      conv(cout, k=3, s=s, p=1)
      | bn | relu                      Shape:
                                           [N, in_channels, H, W]
                                           -> [N, out_channels, ceil(H / stride), ...]
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator, Mapping, Sequence

from archspec.backends.python.constructor_calls import torch_call
from archspec.backends.python.expressions import expression
from archspec.backends.python.group_ports import ports_of
from archspec.ir.graph import (
    Choice,
    Collect,
    Graph,
    Item,
    Layer,
    Let,
    Merge,
    Module,
    Port,
    Repeat,
    Tied,
)
from archspec.ir.shape import Shape
from archspec.ir.symbolic import code_of, same, substitute, variables
from archspec.ops.registry import OPS

WORDS = {  # of layers; others have the name of their class, parameters that of their op
    "adaptive_avgpool": "average pool",
    "avgpool": "average pool",
    "bn": "batch norm",
    "conv": "convolution",
    "conv_transpose": "transposed convolution",
    "dropout": "dropout",
    "flatten": "flatten",
    "global_avgpool": "global average pool",
    "ln": "layer norm",
    "linear": "linear layer",
    "maxpool": "max pool",
    "stochastic_depth": "stochastic depth",
}
JOINS = {
    "add": "parallel paths, added up",
    "concat": "parallel paths, joined along the channels",
    "maximum": "parallel paths, of which the maximum",
    "mul": "parallel paths, multiplied",
    "sub": "a path minus another",
}
MOST = 6  # steps that a sentence names
LONGEST = 80  # characters of a line

Sizes = tuple[Shape, Shape]  # of an input and its output


def block_docstring(
    modules: Sequence[Module], names: Mapping[str, str], read: Callable[[str], bool]
) -> str:
    """What a block, or a labeled group, does, and its shapes.

    `names` are the long names of its parameters; `read` tells whether the signature has
    a parameter.
    """
    about = modules[0].about or _sentence(modules[0].body)
    about = re.sub(r"(?<=`)\w+(?=`)", lambda word: names.get(word[0], word[0]), about)
    if not ports_of(modules).is_plain:  # several values, whose names say what they are
        return about
    return f"{about}\n\n{_shapes(modules, names, read)}"


def _sentence(body: Sequence[Item]) -> str:
    """A sentence of the steps of a body."""
    if kind := _repeated(body):
        return f"A sequence of {kind}s."
    words = [*_words(body)]
    distinct = [w for n, w in enumerate(words) if n == 0 or w != words[n - 1]]
    if not distinct:
        return "The input itself."
    more = ["and so on"] if len(distinct) > MOST else []
    text = ", ".join([*distinct[:MOST], *more])
    return f"{text[:1].upper()}{text[1:]}."


def _repeated(body: Sequence[Item]) -> str:
    """The block that a body repeats, if it does nothing else."""
    match [item for item in body if not isinstance(item, Let)]:
        case [Repeat(iterations=[[Module(block=str(block))], *_])] if block:
            return block.replace("_", " ")
    return ""


def _words(body: Sequence[Item]) -> Iterator[str]:
    for item in body:
        match item:
            case Layer():
                op = item.node.op
                own = op.replace("_", " ") if OPS[op].bare else ""
                yield WORDS.get(op) or own or torch_call(item).name.rpartition(".")[2]
            case Module() if item.block:
                yield item.block.replace("_", " ")
            case Module() | Choice():
                yield from _words(item.body)
            case Tied():
                yield f"`{item.label}` again"
            case Merge():
                yield JOINS[item.node.op]
            case Repeat():
                yield from _words(item.iterations[0])
            case Collect():
                yield from _words((item.repeat,))
                yield "all outputs joined along the channels"


# --- shapes ---


def _shapes(
    modules: Sequence[Module], names: Mapping[str, str], read: Callable[[str], bool]
) -> str:
    """`Shape:`, the input and the output of a class in the names of its parameters."""
    known = [
        (m.input.shape, m.output.shape)
        for m in modules
        if m.input.shape is not None and m.output.shape is not None
    ]
    values: dict[str, ast.expr] = {k: ast.Name(v, ast.Load()) for k, v in names.items()}
    codes = [substitute(code_of(after.channels), values) for _, after in known]
    entry = "in_channels" if read("cin") else _number([b.channels for b, _ in known])
    made = _number([after.channels for _, after in known])
    is_shared = all(same(code, codes[0]) for code in codes)
    if is_shared and all(map(read, variables(codes[0]))):
        made = expression(codes[0])
    strides = [m.arguments[k].value for m in modules for k, v in names.items()
               if v == "stride"]  # fmt: skip
    factors = strides if len(strides) == len(known) and read("stride") else []
    before = known[0][0].axes
    inputs = [entry or "C" if axis == "C" else axis for axis in before]
    outputs = [
        made or "C'" if axis == "C" else _size(axis, known, factors)
        for axis in known[0][1].axes
    ]
    return _section(f"[{', '.join(['N', *inputs])}]", f"[{', '.join(['N', *outputs])}]")


def _section(*ends: str) -> str:
    line = f"    {' -> '.join(ends)}"
    if len(line) > LONGEST:
        line = f"    {ends[0]}\n    -> {ends[1]}"
    return f"Shape:\n{line}"


def _number(values: Sequence[int]) -> str:
    """The number that all instances have; nothing if they differ."""
    return str(int(values[0])) if len({*map(int, values)}) == 1 else ""


def _size(axis: str, known: Sequence[Sizes], factors: Sequence[object]) -> str:
    """One axis of the output, as what becomes of that axis of the input."""
    if any(axis not in shape.axes for sizes in known for shape in sizes):
        return axis
    pairs = [tuple(int(s[s.axes.index(axis)]) for s in sizes) for sizes in known]
    if all(after == before for before, after in pairs):
        return axis
    if all(after == 1 for _, after in pairs):
        return "1"
    if factors and all(
        isinstance(factor, int) and after == -(-before // factor)
        for (before, after), factor in zip(pairs, factors, strict=True)
    ):
        return f"ceil({axis} / stride)"
    before, after = pairs[0]
    for factor in (before // after, after // before):
        if factor > 1 and all(b == factor * a for b, a in pairs):
            return f"{axis} / {factor}"
        if factor > 1 and all(a == factor * b for b, a in pairs):
            return f"{factor} * {axis}"
    return f"{axis}'"


def network_shapes(graph: Graph) -> str:
    """`Shape:` of a network, in numbers."""
    single = len(graph.inputs) == len(graph.outputs) == 1
    if single and not graph.returns_tuple and not graph.has_named_inputs:
        return _section(_sizes(graph.inputs[0]), _sizes(graph.outputs[0]))
    inputs = ", ".join(f"{port.name} {_sizes(port)}" for port in graph.inputs)
    outputs = ", ".join(f"{port.name} {_sizes(port)}" for port in graph.outputs)
    return _section(
        inputs, outputs if graph.returns_tuple else _sizes(graph.outputs[0])
    )


def _sizes(port: Port) -> str:
    return f"[{', '.join(['N', *map(str, port.shape)])}]"
