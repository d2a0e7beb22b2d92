"""What every layer costs, against what torch counts and holds."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor, fx, nn
from torch.utils.flop_counter import FlopCounterMode

import archspec
import specs
from archspec.catalog import variants
from archspec.passes.memory import activation_memory
from archspec.passes.summarize import summarize
from archspec.spec import Spec
from corpus import COURSE, FIRST
from second_cases import rest_slow

HEADS = """
archspec: 1
input: 3x16x16
net:
  - conv(4, k=3, p=1) | bn | relu
  - aux:
      one: [add: [identity, "conv(4, k=1)"], flatten | dropout(0.5) | linear(5)]
  - mul: ["conv(4, k=1)", global_avgpool | sigmoid]
  - aux:
      two: [mul: [relu, tanh], global_avgpool | flatten | linear(5)]
      three: maxpool(2) | flatten | linear(5)
  - residual(6)
  - flatten | linear(5)
"""
BATCH = 2
ALL = [n for name, path in COURSE.items() for n in variants(path) or [name]]
SMALLER: dict[str, dict[str, Any]] = {  # units or blocks that repeat
    **{name: {"n": 2} for name in variants(COURSE["resunits"])},
    **{name: {"depth": 1} for name in variants(COURSE["mlp_mixer"])},
}


@pytest.fixture(params=rest_slow([*ALL, "heads"], [*FIRST, "heads"]))
def spec(request: pytest.FixtureRequest) -> Spec:
    if request.param == "heads":
        return specs.spec(HEADS)
    return archspec.load(request.param, **SMALLER.get(request.param, {}))


def storage(tensor: Tensor) -> int:
    """Tensors that share memory have it once."""
    return tensor.untyped_storage()._cdata


# --- parameters and MACs -------------------------------------------------------------


def test_each_row_costs_what_torch_counts(spec: Spec) -> None:
    with torch.device("meta"):
        model = archspec.compile(spec)  # in training mode: heads run there alone
        with FlopCounterMode(display=False, depth=99) as counter:
            model(torch.empty(BATCH, *spec.input_shape))
    modules = dict(model.named_modules())
    name = type(model).__name__
    flops = {k: sum(v.values()) for k, v in counter.get_flop_counts().items()}
    for depth in (None, 1):
        for row in summarize(spec.graph, spec.document.source, depth):
            parameters = modules.get(row.path, nn.Identity()).parameters()
            assert row.params == sum(p.numel() for p in parameters)
            assert 2 * row.macs * BATCH == flops.get(f"{name}.{row.path}", 0)


# --- training ------------------------------------------------------------------------


def test_backward_keeps_what_autograd_stores(spec: Spec) -> None:
    """To the byte: feature maps, masks, indices and statistics, each once."""
    with torch.device("meta"):
        model = archspec.compile(spec).train()
        x = torch.empty(BATCH, *spec.input_shape)
    kept: list[Tensor] = []
    with torch.autograd.graph.saved_tensors_hooks(
        lambda t: kept.append(t) or t, lambda t: t
    ):
        output = model(x)
    del output
    own = {storage(t) for t in [*model.parameters(), *model.buffers()]}
    found = {storage(t): t.untyped_storage().nbytes() for t in kept if t.ndim}
    stored = sum(size for place, size in found.items() if place not in own)
    memory = activation_memory(spec.graph, BATCH)
    assert sum(cost.saved for cost in memory.values()) == stored


# --- inference -----------------------------------------------------------------------


class Walk(fx.Interpreter):
    """Runs a traced network, and frees each tensor once all have read it."""

    peak = 0

    def run_node(self, n: fx.Node) -> Any:
        result = super().run_node(n)
        tensors = [t for t in (*self.env.values(), result) if isinstance(t, Tensor)]
        held = {storage(t): t.untyped_storage().nbytes() for t in tensors}
        self.peak = max(self.peak, sum(held.values()))
        return result


def test_inference_needs_what_real_tensors_take(spec: Spec) -> None:
    if spec.name == "unet":
        pytest.skip("torch.fx cannot trace `pad_like`, which reads sizes")
    with torch.device("meta"):
        walk = Walk(fx.symbolic_trace(archspec.compile(spec).eval()))
        walk.run(torch.empty(BATCH, *spec.input_shape))
    memory = activation_memory(spec.graph, BATCH)
    assert max(cost.live for cost in memory.values()) == walk.peak
