"""An op as torch runs it: rejected or not, output shape, weights and FLOPs."""

from __future__ import annotations

import warnings
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

from archspec.ir.shape import Shape
from archspec.ir.symbolic import Symbolic, constant
from archspec.ops.op import Op
from archspec.ops.registry import OPS

BATCH = 2
BATCHES = {"window_attention_v2": 1}  # its position bias is made once for a batch
REJECTS = (ArithmeticError, AssertionError, IndexError, NotImplementedError, RuntimeError, TypeError, ValueError)  # fmt: skip


class Facts(NamedTuple):
    """What both sides must agree on."""

    shape: tuple[int, ...]
    weights: dict[str, int]  # how many numbers, by name
    macs: int


def module_of(name: str, x: Shape, **values: Any) -> nn.Module:
    """The module that an op is written as, its other arguments left to defaults."""
    op = OPS[name]
    return build(op, x, {**values, **op.defaults(values)})


class Bare(nn.Module):
    """An op that is one parameter, as a module."""

    def __init__(self, how: str, own: Tensor) -> None:
        super().__init__()
        self.how, self.own = how, nn.Parameter(own)

    def forward(self, x: Tensor) -> Tensor:
        if self.how == "prepend":
            return torch.cat([self.own.expand(len(x), -1, -1), x], dim=1)
        return x + self.own if self.how == "+" else x * self.own


def build(op: Op, x: Shape, values: dict[str, Any]) -> nn.Module:
    attributes = {name: Symbolic(v, constant(v)) for name, v in values.items()}
    call = op.torch(op, x, attributes)
    names: dict[str, Any] = {"torch": torch, "nn": nn, "Tensor": Tensor}
    exec(op.helper, names)
    args = [item.value for item in call.args]
    if op.bare:
        own: Tensor = getattr(torch, call.name[6:])(*args)
        return Bare(op.bare, call.factor * own)
    kind = getattr(nn, call.name[3:]) if call.name[:3] == "nn." else names[call.name]
    module: nn.Module = kind(*args, **{k: v.value for k, v in call.kwargs.items()})
    return module


def facts(op: Op, x: Shape, values: dict[str, Any]) -> Facts | None:
    """What torch says; None where it raises.

    The meta device knows shapes without arithmetic, but lets pass what a real one
    rejects (a kernel of 0, too much output padding), so both are asked.
    """
    batch = BATCHES.get(op.name, BATCH)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            with torch.device("meta"):
                module, counter = build(op, x, values), FlopCounterMode(display=False)
                with counter, torch.no_grad():
                    y = module(torch.empty(batch, *x))
            with torch.no_grad():
                real = build(op, x, values)(torch.ones(batch, *x))
        except REJECTS:
            return None
    assert real.shape == y.shape
    own = {name: p.numel() for name, p in module.named_parameters()}
    weights = {"" if name == "own" else name: count for name, count in own.items()}
    macs = counter.get_total_flops() // (2 * batch)  # a MAC is two FLOPs
    return Facts(tuple(y.shape[1:]), weights, macs)
