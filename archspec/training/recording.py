"""What a GPU does with a batch, recorded once and then started by one call: CUDA graphs.

A step is hundreds of kernels, and Python takes longer to start those of a small network
than the GPU to run them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from archspec.training.images.batches import Batch
from archspec.training.machine.world import World

# Batches of a shape until it is recorded; the first of them choose their kernels.
OFTEN = 4

# What a step takes stays taken for what is recorded, once for training and once for
# evaluation, and other steps need it beside them. Large steps are not worth that.
ROOM = 3

Work = Callable[[Batch], None]


def recorded(work: Work, world: World, parameters: Iterable[nn.Parameter] = ()) -> Work:
    """The same work; on a GPU of its own, recorded for each shape that comes often.

    Args:
        work: changes tensors in place, and gives parameters that have no gradients new
            ones, to be used before it works again; it waits for nothing, and is always
            called in the same mode, of training or evaluation.
        world: processes that share gradients start their kernels as they go.
        parameters: those that get gradients.
    """
    if world.size > 1 or world.device.type != "cuda":
        return work
    return _Recorder(work, [*parameters])


@dataclass(frozen=True, slots=True)
class _Recording:
    graph: torch.cuda.CUDAGraph
    batch: Batch  # where the graph reads
    gradients: list[Tensor | None]  # where it writes


class _Recorder:
    def __init__(self, work: Work, parameters: list[nn.Parameter]) -> None:
        self._work = work
        self._parameters = parameters
        self._seen: dict[torch.Size, int] = {}
        self._recordings: dict[torch.Size, _Recording] = {}
        # Recordings run one at a time, so that they can compute in the same memory.
        self._pool = torch.cuda.graph_pool_handle()

    def __call__(self, batch: Batch) -> None:
        shape = batch.images.shape
        recording = self._recordings.get(shape)
        if recording is None and self._is_due(shape):
            recording = self._recordings[shape] = self._record(batch)
        if recording is None:
            self._work(batch)
        else:
            self._replay(recording, batch)

    def _is_due(self, shape: torch.Size) -> bool:
        """Count a batch: whether its shape has come often, and can be recorded."""
        if shape not in self._seen:  # what torch compiles for it may serve the others
            self._seen = dict.fromkeys([*self._seen, shape], 0)
        self._seen[shape] += 1
        return self._seen[shape] == OFTEN + 1 and _has_room()

    def _replay(self, recording: _Recording, batch: Batch) -> None:
        recording.batch.images.copy_(batch.images)
        recording.batch.labels.copy_(batch.labels)
        recording.graph.replay()
        pairs = zip(self._parameters, recording.gradients, strict=True)
        for parameter, gradient in pairs:
            parameter.grad = gradient

    def _record(self, batch: Batch) -> _Recording:
        """What the work does; nothing of it is done yet."""
        kept = Batch(batch.images.clone(), batch.labels.clone(), batch.size)
        graph = torch.cuda.CUDAGraph()
        # Other threads may talk to the GPU, as that which pins memory for images.
        with torch.cuda.graph(
            graph, pool=self._pool, capture_error_mode="thread_local"
        ):
            self._work(kept)
        return _Recording(graph, kept, [each.grad for each in self._parameters])


def _has_room() -> bool:
    total = torch.cuda.get_device_properties().total_memory
    return ROOM * torch.cuda.max_memory_allocated() < total
