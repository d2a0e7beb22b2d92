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
REJECTS = (ArithmeticError, IndexError, NotImplementedError, RuntimeError, TypeError, ValueError)  # fmt: skip


class Facts(NamedTuple):
    """What both sides must agree on."""

    shape: tuple[int, ...]
    weights: dict[str, int]  # how many numbers, by name
    macs: int


def module_of(name: str, x: Shape, **values: Any) -> nn.Module:
    """The module that an op is written as, its other arguments left to defaults."""
    op = OPS[name]
    return build(op, x, {**values, **op.defaults(values)})


def build(op: Op, x: Shape, values: dict[str, Any]) -> nn.Module:
    attributes = {name: Symbolic(v, constant(v)) for name, v in values.items()}
    call = op.torch(op, x, attributes)
    names: dict[str, Any] = {"torch": torch, "nn": nn, "Tensor": Tensor}
    exec(op.helper, names)
    kind = getattr(nn, call.name[3:]) if call.name[:3] == "nn." else names[call.name]
    args = [item.value for item in call.args]
    module: nn.Module = kind(*args, **{k: v.value for k, v in call.kwargs.items()})
    return module


def facts(op: Op, x: Shape, values: dict[str, Any]) -> Facts | None:
    """What torch says; None where it raises.

    The meta device knows shapes without arithmetic, but lets pass what a real one
    rejects (a kernel of 0, too much output padding), so both are asked.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            with torch.device("meta"):
                module, counter = build(op, x, values), FlopCounterMode(display=False)
                with counter, torch.no_grad():
                    y = module(torch.empty(BATCH, *x))
            with torch.no_grad():
                assert build(op, x, values)(torch.ones(BATCH, *x)).shape == y.shape
        except REJECTS:
            return None
    weights = {name: p.numel() for name, p in module.named_parameters()}
    macs = counter.get_total_flops() // (2 * BATCH)  # a MAC is two FLOPs
    return Facts(tuple(y.shape[1:]), weights, macs)
