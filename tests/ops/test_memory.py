"""The tensors that each op saves for the backward pass, and views, against torch."""

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
from .test_against_torch import ALONE, archspec_facts, parts
from .torch_side import build

BATCH = 2
# Which tensors torch saves depends on the kernel that it chooses.
ESTIMATED = {"attention", "dot_product_attention", "window_attention", "window_attention_v2",
             "relative_attention", "lrn"}  # fmt: skip
# Copies, unless an axis is 1.
COPIES = {"channel_shuffle", "partition", "space_to_depth"}


def run_torch(op: Op, x: Shape, values: dict[str, Any]) -> tuple[int, bool, bool]:
    """Return the bytes that autograd saves, and whether the output is a view.

    First in training, then in inference.
    """
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
    saved = sum(size for place, size in found.items() if place not in own)
    return saved, memory(y) == memory(batch), memory(seen) == memory(batch)


def memory(tensor: Tensor) -> int:
    """Return the address of its memory, which views share."""
    return tensor.untyped_storage().data_ptr()


def is_special(values: dict[str, Any]) -> bool:
    """Whether torch has a shortcut for these arguments."""
    return (
        set(parts(values.get("output_size"))) == {1}  # a mean, which saves nothing
        or values.get("padding_mode", "zeros") != "zeros"
        or values.get("padding") == "same"  # torch may pad a copy of the input
        or values.get("p") in (0, 1)  # the output is the input, or zeros
    )


@pytest.mark.parametrize("name", ALONE)
def test_agrees_with_torch(name: str) -> None:
    op = OPS[name]

    @settings(max_examples=25, deadline=None, suppress_health_check=[*HealthCheck])
    @given(cases(op))
    def check(case: tuple[Shape, dict[str, Any]]) -> None:
        x, values = case
        facts = archspec_facts(op, x, values)
        assume(facts is not None and not is_special(values))
        saved, view, view_in_inference = run_torch(op, x, values)
        y = facts.shape
        ours = op.saved_for_backward
        values_saved = ours.input * prod(x) + ours.output * prod(y)
        extra_bytes = ours.extra_bytes(BATCH, x, y, **values)
        assert op.name in ESTIMATED or 4 * BATCH * values_saved + extra_bytes == saved
        if op.name in COPIES:
            return
        assert view == (op.view == "always")
        assert view_in_inference == (op.view != "never")

    check()
