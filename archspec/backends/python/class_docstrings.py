"""Docstrings of emitted classes: what a block does, in words, and its shapes.

The comment above a block says what it does; without one, its steps do:

    unit(cout, *, s=1):           ->   Convolution, batch norm, ReLU.
      conv(cout, k=3, s=s, p=1)
      | bn | relu                      Shape:
                                           [N, in_channels, H, W]
                                           -> [N, out_channels, ceil(H / stride), ...]
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence

from archspec.backends.python.class_shapes import block_shapes
from archspec.backends.python.constructor_calls import torch_call
from archspec.ir.graph import (
    Choice,
    Collect,
    Item,
    Layer,
    Let,
    Merge,
    Module,
    Repeat,
    Tied,
)
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


def block_docstring(
    modules: Sequence[Module], names: Mapping[str, str], read: Callable[[str], bool]
) -> str:
    """What a block, or a labeled group, does, and its shapes.

    `names` are the long names of its parameters; `read` tells whether the signature has
    a parameter.
    """
    about = modules[0].about or _sentence(modules[0].body)
    about = re.sub(r"(?<=`)\w+(?=`)", lambda word: names.get(word[0], word[0]), about)
    return f"{about}\n\n{block_shapes(modules, names, read)}".rstrip()


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
