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

from archspec.backends.python.class_shapes import block_shapes
from archspec.backends.python.constructor_calls import torch_call
from archspec.backends.python.identifiers import class_name, python_name
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

WORDS = {  # of layers; others have the name of PyTorch's class, or that of their op
    "adaptive_avgpool": "average pool",
    "attention": "self-attention",
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
    "resize_like": "resize",
    "stochastic_depth": "stochastic depth",
}
JOINS = {
    "add": "added",
    "concat": "concatenated along the channels",
    "maximum": "of which the maximum",
    "mul": "multiplied",
    "sub": "the first minus the second",
}
COUNTS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight")
MOST = 6  # steps that a sentence names
Read = Callable[[str], bool]


def block_docstring(
    modules: Sequence[Module], names: Mapping[str, str], read: Read
) -> str:
    """What a block, or a labeled group, does, and its shapes.

    `names` are the long names of its parameters; `read` tells whether the signature has
    a parameter.
    """
    about = modules[0].about or max((_sentence(m.body, read) for m in modules), key=len)
    about = re.sub(r"(?<=`)\w+(?=`)", lambda word: names.get(word[0], word[0]), about)
    return f"{about}\n\n{block_shapes(modules, names, read)}".rstrip()


def _sentence(body: Sequence[Item], read: Read) -> str:
    """A sentence of the steps of a body."""
    words = [*_words(body, read)]
    text = _repeated(body, read) or _listed(words) or "the input itself"
    if text.startswith("`"):
        text = f"a chain of {text}" if len({*words}) > 1 else f"a single {text}"
    return f"{text[:1].upper()}{text[1:]}."


def _repeated(body: Sequence[Item], read: Read) -> str:
    """The block that a body repeats, if it does nothing else."""
    match [item for item in body if not isinstance(item, Let)]:
        case [Module(block="", body=inner)]:
            return _repeated(inner, read)
        case [Repeat(iterations=[[Module(block="", body=inner)], *_])]:
            blocks = _repeated(inner, read)
            return blocks and f"stages, each {blocks}"
        case [Repeat(iterations=[[Module() as module], *_])]:
            return f"a sequence of {_block(module, read)}s"
    return ""


def _listed(words: Sequence[str]) -> str:
    distinct = [w for n, w in enumerate(words) if n == 0 or w != words[n - 1]]
    more = ["and so on"] if len(distinct) > MOST else []
    return ", ".join([*distinct[:MOST], *more])


def _words(body: Sequence[Item], read: Read) -> Iterator[str]:
    """The steps of a body, without identities."""
    for item in body:
        match item:
            case Layer():
                if word := _parameter(item, read) or _layer(item):
                    yield word
            case Module() if item.block:
                yield _block(item, read)
            case Module() | Choice():
                yield from _words(item.body, read)
            case Tied():
                yield f"`{item.label}` again"
            case Merge():
                yield _joined(item, read)
            case Repeat():
                yield from _words(item.iterations[0], read)
            case Collect():
                yield from _words((item.repeat,), read)
                yield "all outputs concatenated along the channels"


def _layer(layer: Layer) -> str:
    op = layer.node.op
    if op == "identity":
        return ""
    if op in WORDS:
        return WORDS[op]
    is_torchs = not (OPS[op].bare or OPS[op].helper)
    return (
        torch_call(layer).name.rpartition(".")[2] if is_torchs else op.replace("_", " ")
    )


def _block(module: Module, read: Read) -> str:
    return _parameter(module, read) or f"`{class_name(module.block)}`"


def _parameter(item: Layer | Module, read: Read) -> str:
    """The parameter that an op or block is; nothing if the signature has none."""
    if isinstance(item.called, ast.Name) and read(item.called.id):
        return f"`{python_name(item.called.id)}`"
    return ""


def _joined(merge: Merge, read: Read) -> str:
    """What a join does with its branches."""
    branches = [[*_words(branch, read)] for branch in merge.branches]
    residual = [
        words
        for words, branch in zip(branches, merge.branches, strict=True)
        if words and not all(isinstance(item, Choice) for item in branch)
    ]
    how = JOINS[merge.node.op]
    if merge.node.op == "add" and len(residual) == 1 < len(branches):
        return f"a residual branch ({_listed(residual[0])})"
    match branches:
        case [[one], [other]] if "," not in one + other:
            return f"branches {one} and {other}, {how}"
    count = len(branches)
    number = COUNTS[count] if count < len(COUNTS) else str(count)
    kind = "chunks of the channels" if merge.split else "parallel branches"
    return f"{number} {kind}, {how}"
