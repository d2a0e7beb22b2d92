"""The exponential moving average (EMA) of the weights."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.optim.swa_utils import get_ema_multi_avg_fn


def warmed_up(decay: float, updates: int) -> float:
    """The decay for an update after so many others, which rises to the given one.

    The first averages would otherwise be mostly the initial weights: with a decay of
    0.999, these keep 37 % of the weight after 1,000 steps. The rule is that of
    `tf.train.ExponentialMovingAverage`.

    >>> [round(warmed_up(0.999, updates), 3) for updates in (0, 90, 10_000)]
    [0.1, 0.91, 0.999]
    """
    return min(decay, (1 + updates) / (10 + updates))


@torch.no_grad()
def update_ema(ema: nn.Module, network: nn.Module, decay: float) -> None:
    """Update the average after a step: `ema = decay * ema + (1 - decay) * network`.

    Args:
        ema: a network with the same layers.
        network: the network that is trained.
        decay: from 0 to 1.
    """
    average = get_ema_multi_avg_fn(decay)  # type: ignore[no-untyped-call]
    average([*ema.parameters()], [*network.parameters()], None)
    # Separate from the parameters, which FSDP shards while it replicates buffers.
    floats: list[tuple[Tensor, Tensor]] = []
    for averaged, current in zip(ema.buffers(), network.buffers(), strict=True):
        if current.is_floating_point():
            floats.append((averaged, current))
        else:  # a count of batches
            averaged.copy_(current)
    if floats:
        average(*map(list, zip(*floats, strict=True)), None)
