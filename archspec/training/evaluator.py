"""How good a network is while it trains."""

from __future__ import annotations

import torch
from torch import nn

from archspec.training.images.batches import Batch, Batches
from archspec.training.machine.world import World
from archspec.training.metrics import Meter, Totals
from archspec.training.objective import Objective
from archspec.training.recording import recorded
from archspec.training.watch import Interrupted, Watch


class Evaluator:
    """Loss and accuracy of a network in evaluation mode, each image counted once."""

    def __init__(self, objective: Objective, model: nn.Module, world: World) -> None:
        """Of a network whose weights may change between two evaluations."""
        meter = Meter(world)

        def add(batch: Batch) -> None:
            logits_NK, loss = objective(model, batch.images, batch.labels)
            meter.add(loss, logits_NK, batch.labels)

        self._model, self._meter, self._add = model, meter, recorded(add, world)

    @torch.no_grad()
    def __call__(self, batches: Batches, watch: Watch) -> Totals:
        """Sums over all images and processes.

        Raises:
            Interrupted: if the watch hears a signal.
        """
        self._model.eval()
        self._meter.start()
        for step, batch in enumerate(batches.steps()):
            self._add(batch)
            if signal := watch.look(step).signal:
                raise Interrupted(signal)
        return self._meter.read()
