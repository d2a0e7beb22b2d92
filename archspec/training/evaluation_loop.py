"""The evaluation loop: loss and accuracy of a network while it trains."""

from __future__ import annotations

import torch
from torch import nn

from archspec.training.cuda_graphs import with_cuda_graphs
from archspec.training.data.batch_protocol import Batch, BatchLoader
from archspec.training.distributed.world import World
from archspec.training.due_actions import ActionSchedule, Interrupted
from archspec.training.metrics import Meter, Totals
from archspec.training.objective import Objective


class EvaluationLoop:
    """Evaluates a network, whose weights may change between two calls."""

    def __init__(self, objective: Objective, model: nn.Module, world: World) -> None:
        """Prepare the loop."""
        meter = Meter(world)

        def add(batch: Batch) -> None:
            logits_NK, loss = objective.evaluate(model, batch.images, batch.labels)
            meter.add(loss, logits_NK, batch.labels)

        self._model, self._meter = model, meter
        self._add = with_cuda_graphs(add, world)

    @torch.no_grad()
    def __call__(self, loader: BatchLoader, actions: ActionSchedule) -> Totals:
        """The sums over all images and processes; each image counts once.

        Raises:
            Interrupted: if a signal arrives.
        """
        self._model.eval()
        self._meter.start()
        for step, batch in enumerate(loader.batches()):
            self._add(batch)
            if signal := actions.due(step).signal:
                raise Interrupted(signal)
        return self._meter.read()
