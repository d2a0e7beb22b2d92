"""The training loop, whole: one process, one device, any spec."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from math import isfinite

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
from archspec.training.files import remove_temporary_files
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


def train(  # noqa: PLR0915  # one loop, to be read from top to bottom
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
    if resume and run.last.exists():
        before = load_checkpoint(run.last)
        model.load_state_dict(before.model)
        optimizer.load_state_dict(before.optimizer)
        scaler.load_state_dict(before.scaler)
        statistics = Statistics(*before.statistics)
        rows = [EpochMetrics(**row) for row in before.metrics]
        restore_random_states(before.rng)
    remove_temporary_files(run.path)
    run.write_config(spec, settings)
    run.write_metrics(rows)
    objective = Objective(model, statistics, settings)

    def lr_at(epoch: int, step: int) -> float:
        """The learning rate in the middle of a step; epochs and steps count from 1."""
        moment = epoch - 1 + (step - 0.5) / steps
        return learning_rate(settings.schedule, peak_lr, moment, epochs)

    with _say_how_to_go_on(run), RunProgress(steps, epochs, done=len(rows)) as progress:
        progress.say(
            f"{spec.name}: {spec.params:,} parameters, {settings.data}: "
            f"{train_batches.num_images:,} images and {val_batches.num_images:,} held out, "
            f"{settings.device}, precision {settings.precision}, to {run.path}"
        )
        for epoch in range(len(rows) + 1, epochs + 1):
            started = time.perf_counter()
            model.train()
            meter, reported = Meter(device), Totals()
            for step, (images_NCHW, labels_N) in enumerate(train_batches, 1):
                for group in optimizer.param_groups:
                    group["lr"] = lr_at(epoch, step)

                changed_NCHW = augment(images_NCHW, settings.augment)
                logits_NK, loss = objective(changed_NCHW, labels_N)
                meter.add(loss, logits_NK, labels_N)
                # To look at a loss, a CPU waits for its GPU. There, steps after a bad loss
                # run on until the next look, and nothing of them is kept.
                is_due = progress.is_due()
                if is_due or step == steps or device.type == "cpu":
                    bad_step = meter.first_bad_step()
                    if bad_step:
                        raise _diverged(epoch, bad_step, lr_at(epoch, bad_step))

                optimizer.zero_grad(set_to_none=True)
                scaler.scale(loss).backward()  # type: ignore[no-untyped-call]
                scaler.step(optimizer)
                scaler.update()

                if is_due:
                    totals = meter.read()
                    progress.step(epoch, step, totals.since(reported))
                    reported = totals

            train_totals = meter.read()  # CPU-GPU sync point: now the time is known
            train_seconds = time.perf_counter() - started
            val_totals = objective.evaluate(val_batches)
            if not isfinite(val_totals.loss):
                raise _diverged(epoch, steps, lr_at(epoch, steps))
            row = EpochMetrics(
                epoch=epoch,
                train_loss=train_totals.mean_loss,
                train_accuracy=train_totals.accuracy,
                val_loss=val_totals.mean_loss,
                val_accuracy=val_totals.accuracy,
                lr=lr_at(epoch, steps),
                images_per_second=train_totals.images / train_seconds,
                seconds=time.perf_counter() - started,
            )
            is_best = all(row.val_accuracy > earlier.val_accuracy for earlier in rows)
            rows.append(row)

            checkpoint = Checkpoint(
                spec=spec.text,
                config=describe_run(spec, settings),
                epoch=epoch,
                best_accuracy=max(each.val_accuracy for each in rows),
                metrics=[asdict(each) for each in rows],
                statistics=(statistics.mean, statistics.std),
                model=model.state_dict(),
                optimizer=optimizer.state_dict(),
                scaler=scaler.state_dict(),
                rng=random_states(),
            )
            if is_best:
                save_checkpoint(run.best, checkpoint)
            save_checkpoint(run.last, checkpoint)
            run.write_metrics(rows)
            progress.epoch(row)
    draw_curves(rows, f"{spec.name} on {settings.data}", run.path)
    return TrainedRun(run, rows)


def _diverged(epoch: int, step: int, lr: float) -> TrainingError:
    return TrainingError(
        f"the loss is no longer a number at step {step} of epoch {epoch}, where the learning "
        f"rate is {lr:.3g}: use a lower `--lr`"
    )


@contextmanager
def _say_how_to_go_on(run: RunDirectory) -> Iterator[None]:
    """Give a Ctrl-C its sentence."""
    try:
        yield
    except KeyboardInterrupt:
        raise KeyboardInterrupt(
            f"interrupted: `archspec train --resume {run.path}` goes on behind the last "
            "whole epoch"
        ) from None
