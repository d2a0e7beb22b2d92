"""The training loop, whole: one process, one device, any spec."""

from __future__ import annotations

import time
from dataclasses import asdict, dataclass
from math import inf, isfinite

import torch

from archspec.backends.torch_module import build
from archspec.spec import Spec
from archspec.training.checkpoint import (
    Checkpoint,
    load_checkpoint,
    random_states,
    restore_random_states,
    save_checkpoint,
)
from archspec.training.curves import draw_curves
from archspec.training.data import open_batches
from archspec.training.device import settle_device
from archspec.training.errors import TrainingError
from archspec.training.images import Statistics, augment
from archspec.training.metrics import EpochMetrics, Meter, Totals
from archspec.training.objective import Objective
from archspec.training.progress import RunProgress
from archspec.training.recipes import initialize, learning_rate, make_optimizer
from archspec.training.run_directory import RunDirectory, describe_run
from archspec.training.settings import Settings


@dataclass(frozen=True, slots=True)
class TrainedRun:
    """A run that has come to its end."""

    directory: RunDirectory
    metrics: list[EpochMetrics]

    @property
    def best(self) -> EpochMetrics:
        """The epoch whose weights are in `best.pt`: the first of the highest accuracy."""
        return max(self.metrics, key=lambda row: row.val_accuracy)


def train(
    spec: Spec,
    settings: Settings,
    *,
    resume: RunDirectory | None = None,
    download: bool = False,
) -> TrainedRun:
    """Train a network and leave a run directory behind.

    A run that is resumed goes on behind its last whole epoch. On a CPU it ends with
    the same weights, bit for bit, as if it had not been interrupted.

    Raises:
        TrainingError: if the run cannot start, or its loss is no longer a number.
        KeyboardInterrupt: on Ctrl-C, with a sentence that says how to go on.
    """
    settings = settle_device(settings)
    device = torch.device(settings.device)
    train_batches = open_batches(settings, spec, device, train=True, download=download)
    val_batches = open_batches(settings, spec, device, train=False, download=download)
    steps, epochs = len(train_batches), settings.epochs
    peak_lr = settings.optimizer.arguments["lr"]

    torch.manual_seed(settings.seed)
    model = build(spec)
    initialize(model, settings.init)
    model.to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]
    optimizer = make_optimizer(model, settings.optimizer)
    scaler = torch.amp.GradScaler(device.type, enabled=settings.precision == "16")
    statistics = train_batches.measure()

    run = resume or RunDirectory.create(spec, settings)
    rows: list[EpochMetrics] = []
    best_accuracy = -inf
    if resume and run.last.exists():
        before = load_checkpoint(run.last)
        model.load_state_dict(before.model)
        optimizer.load_state_dict(before.optimizer)
        scaler.load_state_dict(before.scaler)
        statistics = Statistics(*before.statistics)
        rows = [EpochMetrics(**row) for row in before.metrics]
        best_accuracy = before.best_accuracy
        restore_random_states(before.rng)
    if resume:
        run.write_config(spec, settings)
        run.write_metrics(rows)
    objective = Objective(model, statistics, settings)

    try:
        with RunProgress(steps, epochs, done=len(rows)) as progress:
            for epoch in range(len(rows) + 1, epochs + 1):
                started = time.perf_counter()
                model.train()
                meter, reported = Meter(device), Totals()
                lr = peak_lr
                for step, (images_NCHW, labels_N) in enumerate(train_batches, 1):
                    # the learning rate of the middle of the step
                    moment = epoch - 1 + (step - 0.5) / steps
                    lr = learning_rate(settings.schedule, peak_lr, moment, epochs)
                    for group in optimizer.param_groups:
                        group["lr"] = lr

                    logits_NK, loss = objective(augment(images_NCHW, settings.augment), labels_N)
                    meter.add(loss, logits_NK, labels_N)
                    # Looking at a loss makes a CPU wait for its GPU. There, steps after a
                    # bad one run on until the next look, and nothing of them is kept.
                    is_due = progress.is_due()
                    if is_due or device.type == "cpu" or step == steps:
                        _check_loss(meter, epoch, lr, settings)

                    optimizer.zero_grad(set_to_none=True)
                    scaler.scale(loss).backward()
                    scaler.step(optimizer)
                    scaler.update()

                    if is_due:
                        totals = meter.read()
                        progress.step(epoch, step, totals.since(reported))
                        reported = totals

                trained = meter.read()  # CPU-GPU sync point: now the time is known
                ...
    except KeyboardInterrupt:
        ...
