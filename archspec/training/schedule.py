"""The learning rate schedule of a run: the `schedule` of a `train:` section."""

from __future__ import annotations

from math import cos, pi

from archspec.signatures.recipes import Recipe


def learning_rate(schedule: Recipe, peak: float, epoch: float, epochs: int) -> float:
    """The learning rate at a point of the run, which is measured in epochs.

    In the middle of 10 epochs, `cosine` reaches half the peak:

    >>> learning_rate(Recipe("cosine", {"warmup": 0}), 0.1, 5.0, 10)
    0.05
    """
    match schedule.name:
        case "cosine":
            warmup: float = schedule.arguments["warmup"]
            if epoch < warmup:
                return peak * epoch / warmup
            return peak * (1 + cos(pi * (epoch - warmup) / (epochs - warmup))) / 2
        case "step":
            gamma: float = schedule.arguments["gamma"]
            every: int = schedule.arguments["every"]
            factor: float = gamma ** (epoch // every)
            return peak * factor
    return peak
