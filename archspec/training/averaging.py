"""Averaged weights: of the steps so far, the later ones weighing more (EMA)."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.optim.swa_utils import get_ema_multi_avg_fn


@torch.no_grad()
def update_average(average: nn.Module, network: nn.Module, share: float) -> None:
    """Move an average towards the weights and statistics of a network.

    Args:
        average: a network of the same layers.
        network: the one whose step has just been taken.
        share: what the average keeps of itself, 0 to 1.
    """
    blend = get_ema_multi_avg_fn(share)  # type: ignore[no-untyped-call]
    blend([*average.parameters()], [*network.parameters()], None)
    # Apart from the weights: FSDP cuts those into parts, and these it does not.
    statistics: list[tuple[Tensor, Tensor]] = []
    for before, now in zip(average.buffers(), network.buffers(), strict=True):
        if now.is_floating_point():
            statistics.append((before, now))
        else:
            before.copy_(now)
    if statistics:
        blend(*map(list, zip(*statistics, strict=True)), None)
