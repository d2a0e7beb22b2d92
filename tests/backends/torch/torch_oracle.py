"""What torch makes of a program, built from it layer by layer: archspec is not asked.

Where the language is stricter than torch, on purpose, a line here says so.
"""

from __future__ import annotations

import operator
import re
import warnings
from collections.abc import Callable, Iterator
from functools import reduce
from typing import Any

import torch
from torch import Tensor, nn

from .random_programs import Block, Body, Call, Choice, Merge, Program, Repeat, Step

Shape = tuple[int, ...]
LARGE = 200_000  # values in a tensor: what has more runs on the meta device only
LONG = {"k": "kernel_size", "s": "stride", "p": "padding", "d": "dilation", "g": "groups",
        "ceil": "ceil_mode"}  # fmt: skip
LEAST: dict[str | int, int] = {"p": 0, "output_padding": 0}
CONSTANT = re.compile(r"-?\d+|\(-?\d+, -?\d+\)")
WORDS = {"true": True, "false": False, "same": "same"}


class Rejected(Exception):  # noqa: N818
    """The language does not take what torch would."""


class TooLarge(Exception):  # noqa: N818
    """Not a network to run on a real device."""


def layer_shapes(program: Program) -> list[Shape] | None:
    """The output shape of every layer in the order they run; None if one fails.

    The meta device knows shapes without arithmetic, but lets pass some of what a real
    one rejects, so both are asked.
    """
    try:
        check_constants(program)
        shapes = _Torch(program, "meta").shapes()
    except (Rejected, ArithmeticError, IndexError, RuntimeError, TypeError, ValueError):
        return None
    try:
        assert _Torch(program, "cpu").shapes() == shapes
    except TooLarge:
        return shapes
    except (RuntimeError, ValueError):
        return None
    return shapes


class _Torch:
    def __init__(self, program: Program, device: str) -> None:
        self.program = program
        self.device = device
        self.found: list[Shape] = []

    def shapes(self) -> list[Shape]:
        with torch.device(self.device), torch.no_grad(), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            self.body(self.program.net, torch.ones(2, *self.program.input), {})
        return self.found

    def body(self, body: Body, x: Tensor, names: dict[str, Any]) -> Tensor:
        for step in body:
            x = self.step(step, x, names)
        return x

    def step(self, step: Step, x: Tensor, names: dict[str, Any]) -> Tensor:
        match step:
            case Call():
                return self.call(step, x, names)
            case Merge():
                return self.merge(step, x, names)
            case Choice(test, then, otherwise):
                arm = then if self.value(test, x, names) else otherwise or ()
                return self.body(arm, x, names)
            case Repeat(body, times):
                for i in range(int(times)):
                    x = self.body(body, x, {**names, "i": i})
                return x

    def value(self, text: str, x: Tensor, names: dict[str, Any]) -> Any:
        return eval(text, {**WORDS, **names, "ch": channels(x)})

    def call(self, call: Call, x: Tensor, names: dict[str, Any]) -> Tensor:
        stated = self.value(call.stated, x, names) if call.stated else channels(x)
        positional = [self.value(text, x, names) for text in call.positional]
        keywords = {k: self.value(text, x, names) for k, text in call.keywords.items()}
        if call.name in self.program.blocks:
            need(stated == channels(x), "the input channels are checked")
            block = self.program.blocks[call.name]
            return self.block(block, positional, keywords, x)
        y = self.layer(call.name, stated, positional, keywords)(x)
        need(y.numel() > 0, "nothing may come of a layer")
        if self.device == "cpu" and y.numel() > LARGE:
            raise TooLarge
        self.found.append(tuple(y.shape[1:]))
        return y

    def block(
        self, block: Block, positional: list[Any], keywords: dict[str, Any], x: Tensor
    ) -> Tensor:
        names = {
            "cin": channels(x),
            **dict(zip(block.positional, positional, strict=True)),
        }
        for key, default in block.defaults.items():
            names[key] = (
                keywords[key] if key in keywords else self.value(default, x, names)
            )
        return self.body(block.body, x, names)

    def layer(
        self, name: str, stated: int, positional: list[Any], keywords: dict[str, Any]
    ) -> Callable[[Tensor], Tensor]:
        def build(x: Tensor) -> Tensor:
            need(
                x.ndim - 1 in RANKS.get(name, (1, 2, 3)),
                "an op says which rank it reads",
            )
            arguments = {LONG.get(key, key): value for key, value in keywords.items()}
            if name not in WEIGHTED:
                need(stated == channels(x), "the input channels are checked")
                return LAYERS[name](x, *positional, **arguments)(x)
            return WEIGHTED[name](stated, *positional, **arguments)(x)

        return build

    def merge(self, merge: Merge, x: Tensor, names: dict[str, Any]) -> Tensor:
        entries = [x] * len(merge.branches)
        if merge.kind == "split":
            need(channels(x) % len(entries) == 0, "the chunks of a split are equal")
            entries = list(x.chunk(len(entries), axis(x)))
        pairs = zip(merge.branches, entries, strict=True)
        ys = [self.body(branch, entry, names) for branch, entry in pairs]
        need(len({y.ndim for y in ys}) == 1, "branches have one rank")
        if merge.kind == "add":
            need(len({y.shape for y in ys}) == 1, "a sum does not stretch")
            return reduce(operator.add, ys)
        if merge.kind == "mul":
            return reduce(operator.mul, ys)
        return torch.cat(ys, axis(ys[0]))


def need(holds: bool, _rule: str) -> None:
    """A rule of the language that torch has not."""
    if not holds:
        raise Rejected


def check_constants(program: Program) -> None:
    """A constant that no layer takes is a mistake wherever it stands, run or not."""
    for body in (program.net, *(block.body for block in program.blocks.values())):
        for step in walk(body):
            if isinstance(step, Repeat):
                need(int(step.times) > 0, "a repeat happens")
            if isinstance(step, Call) and step.name not in program.blocks:
                for key, text in [*step.keywords.items(), *enumerate(step.positional)]:
                    if CONSTANT.fullmatch(text):
                        check_constant(step.name, key, text)


def check_constant(op: str, key: str | int, text: str) -> None:
    sizes = [int(size) for size in re.findall(r"-?\d+", text)]
    need(min(sizes) >= LEAST.get(key, 1), "every parameter has a range")
    counts = key == "g" or (op in WEIGHTED and key == 0)
    need(len(sizes) == 1 or not counts, "channels and groups are no pair")


def walk(body: Body) -> Iterator[Step]:
    for step in body:
        yield step
        match step:
            case Merge(_, branches):
                for branch in branches:
                    yield from walk(branch)
            case Repeat(inner, _):
                yield from walk(inner)
            case Choice(_, then, otherwise):
                yield from walk(then + (otherwise or ()))


def axis(x: Tensor) -> int:
    """The axis of the channels: tokens have them last."""
    return 2 if x.ndim == 3 else 1


def channels(x: Tensor) -> int:
    return x.shape[axis(x)]


def conv(stated: int, out: int, **arguments: Any) -> nn.Module:
    need(0 not in pair(arguments.get("dilation", 1)), "a dilation is 1 or more")
    return nn.Conv2d(stated, out, **arguments)


def conv_transpose(stated: int, out: int, **arguments: Any) -> nn.Module:
    return nn.ConvTranspose2d(stated, out, **arguments)


def pair(value: Any) -> tuple[Any, ...]:
    return value if isinstance(value, tuple) else (value,)


def upsample(_x: Tensor, factor: Any) -> nn.Module:
    need(min(pair(factor)) > 0, "a size is 1 or more")
    return nn.Upsample(scale_factor=factor)


def adaptive(kind: Any) -> Callable[[Tensor, Any], nn.Module]:
    return lambda _x, size: kind(size)


def layer_norm(x: Tensor) -> Callable[[Tensor], Tensor]:
    norm = nn.LayerNorm(channels(x))
    if x.ndim < 4:
        return norm
    return lambda x: norm(x.permute(0, 2, 3, 1)).permute(0, 3, 1, 2)


def pad_channels(x: Tensor, out: int) -> Callable[[Tensor], Tensor]:
    need(out >= x.shape[1], "channels are added, none taken away")
    return nn.ConstantPad3d((0, 0, 0, 0, 0, out - x.shape[1]), 0)


IMAGE = (3,)
RANKS = {"conv": IMAGE, "conv_transpose": IMAGE, "maxpool": IMAGE, "avgpool": IMAGE,
         "adaptive_avgpool": IMAGE, "adaptive_maxpool": IMAGE, "global_avgpool": IMAGE,
         "upsample": IMAGE, "pad_channels": IMAGE, "tokens": IMAGE, "dropout2d": IMAGE,
         "linear": (1, 2), "bn": (1, 3), "mean": (2, 3)}  # fmt: skip
WEIGHTED = {"conv": conv, "conv_transpose": conv_transpose, "linear": nn.Linear}
LAYERS: dict[str, Any] = {
    "relu": lambda _x: nn.ReLU(),
    "gelu": lambda _x: nn.GELU(),
    "identity": lambda _x: nn.Identity(),
    "dropout": lambda _x, p: nn.Dropout(p),
    "dropout2d": lambda _x, p: nn.Dropout2d(p),
    "bn": lambda x: (nn.BatchNorm2d if x.ndim == 4 else nn.BatchNorm1d)(channels(x)),
    "ln": layer_norm,
    "maxpool": lambda _x, k, **rest: nn.MaxPool2d(k, **rest),
    "avgpool": lambda _x, k, **rest: nn.AvgPool2d(k, **rest),
    "adaptive_avgpool": adaptive(nn.AdaptiveAvgPool2d),
    "adaptive_maxpool": adaptive(nn.AdaptiveMaxPool2d),
    "global_avgpool": lambda _x: nn.AdaptiveAvgPool2d(1),
    "upsample": upsample,
    "pad_channels": pad_channels,
    "flatten": lambda _x: nn.Flatten(),
    "tokens": lambda _x: lambda x: x.flatten(2).transpose(1, 2),
    "mean": lambda _x, dim: lambda x: x.mean(dim),
}
