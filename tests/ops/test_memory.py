"""What backward keeps of every op, and whose output is a view, against torch."""

from __future__ import annotations

import warnings
from math import prod
from typing import Any

import pytest
import torch
from hypothesis import HealthCheck, assume, given, settings
from torch import Tensor

from archspec.ir.graph import Shape
from archspec.ops.op import Op
from archspec.ops.registry import OPS

from .arguments import cases
from .test_against_torch import archspec_facts
from .torch_side import build

BATCH = 2


def stored(op: Op, x: Shape, values: dict[str, Any]) -> tuple[int, bool, bool]:
    """Bytes that autograd stores, and whether the output is a view of the input."""
    tensors: list[Tensor] = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            module = build(op, x, values)
        except (RuntimeError, ValueError):
            assume(False)
        batch = torch.rand(BATCH, *x, requires_grad=True)
        with torch.autograd.graph.saved_tensors_hooks(
            lambda t: tensors.append(t) or t, lambda t: t
        ):
            y = module(batch)
        seen = module.eval()(batch)
    own = {memory(t) for t in [*module.parameters(), *module.buffers()]}
    found = {memory(t): t.untyped_storage().nbytes() for t in tensors if t.ndim}
    kept = sum(size for place, size in found.items() if place not in own)
    return kept, memory(y) == memory(batch), memory(seen) == memory(batch)


def memory(tensor: Tensor) -> int:
    """Tensors that share it have it once."""
    return tensor.untyped_storage().data_ptr()


def is_special(values: dict[str, Any]) -> bool:
    """Where torch takes another way than in the general case."""
    return (
        values.get("output_size") in (1, (1, 1))  # it takes the mean, and keeps nothing
        or values.get("padding") == "same"  # it may pad a copy of the input
        or values.get("p") in (0, 1)  # it passes the input on, or zeros
    )


@pytest.mark.parametrize("name", sorted(OPS))
def test_agrees_with_torch(name: str) -> None:
    op = OPS[name]

    @settings(max_examples=25, deadline=None, suppress_health_check=[*HealthCheck])
    @given(cases(op))
    def check(case: tuple[Shape, dict[str, Any]]) -> None:
        x, values = case
        facts = archspec_facts(op, x, values)
        assume(facts is not None and not is_special(values))
        kept, view, view_in_inference = stored(op, x, values)
        y = facts.shape
        sizes = {"input": prod(x), "output": prod(y), "nothing": 0}
        ours = 4 * BATCH * sizes[op.keeps] + op.beside(BATCH, x, y, **values)
        assert ours == kept
        assert view == (op.view == "always")
        assert view_in_inference == (op.view != "never")

    check()
