"""What makes training fast, and which weights count."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from archspec import load
from archspec.backends.torch.module_from_source import build
from archspec.runs.resolve_settings import resolve_settings
from archspec.training.distributed.world import World
from archspec.training.train_state import TrainState


def train_state(tiny: Path, **flags: object) -> TrainState:
    """A network that is ready to train."""
    spec = load(tiny)
    made = TrainState(build(spec.graph), resolve_settings(spec.train, flags), World())
    made.distribute()
    return made


def test_weights_are_channels_last_and_their_update_is_one_kernel(tiny: Path) -> None:
    made = train_state(tiny)
    kernels = [each for each in made.network.parameters() if each.ndim == 4]
    assert len(kernels) == 2
    for each in kernels:
        assert each.is_contiguous(memory_format=torch.channels_last)
    assert made.optimizer.defaults["fused"]


@pytest.mark.parametrize("share", [0.5, 0.9])
def test_the_average_keeps_its_share_of_each_weight_and_statistic(
    share: float, tiny: Path
) -> None:
    made = train_state(tiny, ema=share)
    made.ema_updates = 1_000  # so that the warm-up is over
    assert made.ema
    before = {n: t.clone() for n, t in made.ema.state_dict().items()}
    for tensor in made.network.state_dict().values():
        tensor.add_(1)
    made.update(None)
    for name, tensor in made.ema.state_dict().items():
        now = made.network.state_dict()[name]
        expected = before[name] * share + now * (1 - share)
        if not now.is_floating_point():  # the number of batches
            expected = now
        torch.testing.assert_close(tensor, expected)
    assert made.evaluated_model is made.ema
