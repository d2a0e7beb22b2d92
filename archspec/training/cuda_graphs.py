"""Record what a GPU does with a batch as a CUDA graph, and replay it for later batches.

A step has hundreds of kernels. For a small network, Python takes longer to launch them
than the GPU takes to run them; a graph launches all of them at once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from archspec.training.data.batch_protocol import Batch
from archspec.training.distributed.world import World

# Batches of one shape that run before it is captured. In the first, cuDNN benchmarks its
# kernels.
WARMUP_BATCHES = 4

# A graph keeps the memory of its step: one graph for training and one for evaluation,
# and steps of other shapes need theirs too. Steps that large gain nothing from graphs.
MEMORY_FACTOR = 3

Function = Callable[[Batch], None]


def with_cuda_graphs(
    function: Function, world: World, parameters: Iterable[nn.Parameter] = ()
) -> Function:
    """The same function, captured for each frequent shape if it has a GPU of its own.

    Args:
        function: updates tensors in place, and sets the gradients of parameters whose
            gradient is None. The gradients must be used before the next call. It never
            waits for the GPU, and always runs in the same mode, training or evaluation.
        world: if several processes share gradients, nothing is captured.
        parameters: those that get gradients.
    """
    if world.size > 1 or world.device.type != "cuda":
        return function
    return _GraphedFunction(function, [*parameters])


@dataclass(frozen=True, slots=True)
class _CapturedGraph:
    graph: torch.cuda.CUDAGraph
    batch: Batch  # the graph reads these tensors
    gradients: list[Tensor | None]  # and writes these


class _GraphedFunction:
    def __init__(self, function: Function, parameters: list[nn.Parameter]) -> None:
        self._function = function
        self._parameters = parameters
        self._num_seen: dict[torch.Size, int] = {}
        self._graphs: dict[torch.Size, _CapturedGraph] = {}
        # Graphs run one at a time, so that they can share memory.
        self._pool = torch.cuda.graph_pool_handle()

    def __call__(self, batch: Batch) -> None:
        shape = batch.images.shape
        captured = self._graphs.get(shape)
        if captured is None and self._should_capture(shape):
            captured = self._graphs[shape] = self._capture(batch)
        if captured is None:
            self._function(batch)
        else:
            self._replay(captured, batch)

    def _should_capture(self, shape: torch.Size) -> bool:
        """Count the batch; whether its shape is frequent and there is memory."""
        if shape not in self._num_seen:
            # For a new shape, `torch.compile` may replace the code of the others too.
            self._num_seen = dict.fromkeys([*self._num_seen, shape], 0)
        self._num_seen[shape] += 1
        return self._num_seen[shape] == WARMUP_BATCHES + 1 and _has_memory()

    def _replay(self, captured: _CapturedGraph, batch: Batch) -> None:
        captured.batch.images.copy_(batch.images)
        captured.batch.labels.copy_(batch.labels)
        captured.graph.replay()
        pairs = zip(self._parameters, captured.gradients, strict=True)
        for parameter, gradient in pairs:
            parameter.grad = gradient

    def _capture(self, batch: Batch) -> _CapturedGraph:
        """Record the function without running it."""
        kept = Batch(batch.images.clone(), batch.labels.clone(), batch.size)
        graph = torch.cuda.CUDAGraph()
        # Other threads may use the GPU, as the one that pins the memory of images does.
        with torch.cuda.graph(
            graph, pool=self._pool, capture_error_mode="thread_local"
        ):
            self._function(kept)
        return _CapturedGraph(graph, kept, [each.grad for each in self._parameters])


def _has_memory() -> bool:
    total = torch.cuda.get_device_properties().total_memory
    return MEMORY_FACTOR * torch.cuda.max_memory_allocated() < total
