"""The gradients of one step: forward and backward passes over its micro-batches."""

from __future__ import annotations

from archspec.training.data.batch_protocol import Batch
from archspec.training.metrics import Meter
from archspec.training.objective import Objective
from archspec.training.train_state import TrainState


def compute_gradients(
    batch: Batch, *, state: TrainState, objective: Objective, meter: Meter
) -> None:
    """Accumulate the gradients of the mean loss of a step, and add it to the meter."""
    world_size = state.world.size
    count = num_micro_batches(batch.size // world_size, state.settings.accumulate)
    images = objective.augment(batch.images).tensor_split(count)
    labels = batch.labels.tensor_split(count)
    for number, (x_NCHW, y_N) in enumerate(zip(images, labels, strict=True), 1):
        with state.micro_batch(is_last=number == count):
            logits_NK, loss = objective(state.model, x_NCHW, y_N)
            # The mean over all images of the step: DDP and FSDP average over processes.
            mean_loss = loss * (world_size / batch.size)
            state.scaler.scale(mean_loss).backward()  # type: ignore[no-untyped-call]
        meter.add(loss, logits_NK, y_N)
    meter.end_step()


def num_micro_batches(num_images: int, accumulate: int) -> int:
    """The number of micro-batches: batch norm needs two images in each.

    >>> num_micro_batches(num_images=64, accumulate=4)
    4
    >>> num_micro_batches(num_images=5, accumulate=4)
    2
    """
    return max(1, min(accumulate, num_images // 2))
