"""The training loop, whole: any spec, any number of processes."""

from __future__ import annotations

import time
from dataclasses import asdict, dataclass
from math import isfinite

import torch

from archspec.backends.torch_module import build
from archspec.spec import Spec
from archspec.training.checkpoint import (
    Checkpoint,
    load_latest,
    random_states,
    restore_random_states,
    save_checkpoint,
)
from archspec.training.curves import draw_curves
from archspec.training.data import open_test, open_training
from archspec.training.device import describe_world, settle_device
from archspec.training.errors import PeerError, Stopped, TrainingError
from archspec.training.files import remove_temporary_files
from archspec.training.images import Statistics
from archspec.training.learner import Learner
from archspec.training.metrics import EpochMetrics, Meter, Totals
from archspec.training.objective import Objective
from archspec.training.progress import RunProgress
from archspec.training.recipes import initialize, learning_rate
from archspec.training.run_directory import RunDirectory, describe_run
from archspec.training.settings import Settings
from archspec.training.watch import Interrupted, Watch
from archspec.training.weights import load_weights
from archspec.training.world import World, join_world


@dataclass(frozen=True, slots=True)
class TrainedRun:
    """A run that has come to its end."""

    directory: RunDirectory
    metrics: list[EpochMetrics]
    is_main: bool
    """Whether this process speaks for all of the run's."""

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

    A run that is resumed goes on behind its last checkpoint. On a CPU it ends with the
    same weights, bit for bit, as if it had not been interrupted.

    Raises:
        TrainingError: if the run cannot start or go on.
        Stopped: on SIGINT and SIGTERM, once what is done is saved.
    """
    settings = settle_device(settings)
    with join_world(torch.device(settings.device)) as world:
        return _train(spec, settings, world, resume, download=download)


def _train(  # noqa: PLR0915  # one loop, to be read from top to bottom
    spec: Spec,
    settings: Settings,
    world: World,
    resume: RunDirectory | None,
    *,
    download: bool,
) -> TrainedRun:
    # --- the images ---
    with world.together(), world.main_first():
        train_batches, val_batches = open_training(
            settings, spec, world, download=download
        )
        classes = train_batches.classes
        test_batches = open_test(settings, spec, world, classes, download=download)
    epochs, steps = settings.epochs, len(train_batches)
    peak_lr = settings.optimizer.arguments["lr"]

    before, warning = world.from_main(
        lambda: (
            load_latest(resume.last, resume.previous, resume.best)
            if resume
            else (None, "")
        )
    )

    # --- the network: the same weights in every process, and other random numbers ---
    torch.manual_seed(settings.seed)
    report = None
    with world.together():
        network = build(spec)
        initialize(network, settings.init)
        if settings.weights and before is None:
            report = load_weights(
                network, spec, settings.weights, renames=settings.rename, new_head=True
            )
        learner = Learner(network, settings, world)
    torch.manual_seed(settings.seed + 1 + world.rank)

    # --- where the run stands: at its beginning, or where a checkpoint has left it ---
    run = world.from_main(lambda: resume or RunDirectory.create(spec, settings))
    rows: list[EpochMetrics] = []
    done, totals, spent = (
        0,
        Totals(),
        0.0,
    )  # steps of this epoch, their figures, seconds
    if before:
        _check_same_images(before.num_images, train_batches.num_images, settings)
        rows = [EpochMetrics(**row) for row in before.metrics]
        done, totals, spent = before.step, Totals(*before.totals), before.seconds
        learner.restore(before)
        if len(before.rng) == world.size:
            restore_random_states(before.rng[world.rank], world.device)
    statistics = Statistics(*before.statistics) if before else train_batches.measure()
    objective = Objective(spec, settings, statistics, world.device)
    if world.is_main:
        remove_temporary_files(run.path)
        run.write_config(spec, settings)
        run.write_metrics(rows)

    def lr_at(epoch: int, step: int) -> float:
        """The learning rate in the middle of a step; epochs and steps count from 1."""
        moment = epoch - 1 + (step - 0.5) / steps
        return learning_rate(settings.schedule, peak_lr, moment, epochs)

    def save(step: int, seconds: float, *, is_best: bool = False) -> None:
        """Write checkpoints of so many steps into an epoch; all processes take part."""
        checkpoint = Checkpoint(
            spec=spec.text,
            config=describe_run(spec, settings),
            classes=[*classes],
            num_images=train_batches.num_images,
            epoch=len(rows),
            step=step,
            totals=(totals.loss, totals.correct, totals.images),
            seconds=seconds,
            metrics=[asdict(row) for row in rows],
            statistics=(statistics.mean, statistics.std),
            rng=world.gather(random_states(world.device)),
            **learner.state(),
        )
        with world.together():
            if world.is_main and is_best:
                save_checkpoint(run.best, checkpoint)
            if world.is_main:
                save_checkpoint(run.last, checkpoint, run.previous)

    progress = RunProgress(steps, epochs, done=len(rows), quiet=not world.is_main)
    with progress, Watch(world, progress.interval) as watch:
        progress.say(
            f"{spec.name}: {spec.params:,} parameters, {settings.data}: "
            f"{train_batches.num_images:,} images, {val_batches.num_images:,} for "
            f"validation, {test_batches.num_images if test_batches else 0:,} for the test, "
            f"{describe_world(settings, world)}, to {run.path}"
        )
        progress.warn(warning)
        if report:
            progress.say(str(report))
        for epoch in range(len(rows) + 1, epochs + 1):
            started = time.perf_counter() - spent
            meter, reported, first = Meter(world, totals), totals, done
            learner.train_mode()
            for step, batch in enumerate(train_batches.steps(epoch, done), done + 1):
                learner.set_lr(lr_at(epoch, step))

                # A step's images in parts: their gradients add up to those of the whole.
                num_parts = parts_of(batch.size // world.size, settings.accumulate)
                images = objective.augment(batch.images).tensor_split(num_parts)
                labels = batch.labels.tensor_split(num_parts)
                is_bad = False
                for part, (x_NCHW, y_N) in enumerate(
                    zip(images, labels, strict=True), 1
                ):
                    with learner.gradients(complete=part == num_parts):
                        logits_NK, loss = objective(learner.model, x_NCHW, y_N)
                        # The mean over all images of the step: processes average.
                        mean_loss = loss * (world.size / batch.size)
                        learner.scaler.scale(mean_loss).backward()  # type: ignore[no-untyped-call]
                    meter.add(loss, logits_NK, y_N)
                    if (
                        world.device.type == "cpu"
                    ):  # where a look at a loss costs nothing
                        is_bad = is_bad or not isfinite(loss.item())
                meter.end_step()

                # All processes agree on what is due. A loss that is no number ends the run
                # before the update; a GPU may have run on by then, and nothing of it stays.
                due = watch.look(step, bad=is_bad)
                if any(due) or step == steps:
                    totals = meter.read()  # CPU-GPU sync point
                    if not isfinite(totals.loss):
                        bad_step = first + meter.num_finite() + 1
                        raise _diverged(epoch, bad_step, lr_at(epoch, bad_step), world)
                learner.update(settings.clip)

                if due.report:
                    progress.step(epoch, step, totals.since(reported))
                    reported = totals
                if due.save or due.signal:
                    save(step, time.perf_counter() - started)
                if due.signal:
                    raise _stopped(due.signal, run, world)

            train_seconds = time.perf_counter() - started
            learner.share_buffers()
            try:
                val = objective.evaluate(learner.evaluated, val_batches, world, watch)
                test = None
                if test_batches is not None:
                    test = objective.evaluate(
                        learner.evaluated, test_batches, world, watch
                    )
            except Interrupted as interrupt:
                save(steps, train_seconds)
                raise _stopped(interrupt.signal, run, world) from None
            if not isfinite(val.loss):
                raise _diverged(epoch, steps, lr_at(epoch, steps), world)
            row = EpochMetrics(
                epoch=epoch,
                train_loss=totals.mean_loss,
                train_accuracy=totals.accuracy,
                val_loss=val.mean_loss,
                val_accuracy=val.accuracy,
                lr=lr_at(epoch, steps),
                images_per_second=totals.images / train_seconds,
                seconds=time.perf_counter() - started,
                test_loss=test.mean_loss if test else None,
                test_accuracy=test.accuracy if test else None,
            )
            is_best = all(row.val_accuracy > earlier.val_accuracy for earlier in rows)
            rows.append(row)
            done, totals, spent = 0, Totals(), 0.0
            save(0, 0.0, is_best=is_best)
            if world.is_main:
                run.write_metrics(rows)
            progress.epoch(row)
            if signal := watch.look(0).signal:
                raise _stopped(signal, run, world)
    if world.is_main:
        run.previous.unlink(missing_ok=True)
        draw_curves(rows, f"{spec.name} on {settings.data}", run.path)
    return TrainedRun(run, rows, world.is_main)


def parts_of(num_images: int, most: int) -> int:
    """Into how many parts a process cuts its images: batch norm needs two in each."""
    return max(1, min(most, num_images // 2))


def _check_same_images(before: int, now: int, settings: Settings) -> None:
    if before != now:
        raise TrainingError(
            f"the run began with {before:,} images to train with, and `{settings.data}` "
            f"under `{settings.data_root}` has {now:,} now: use `--data-root DIR` if they "
            "are elsewhere, or start a new run"
        )


def _diverged(epoch: int, step: int, lr: float, world: World) -> TrainingError:
    kind = TrainingError if world.is_main else PeerError
    return kind(
        f"the loss is no longer a number at step {step} of epoch {epoch}, where the learning "
        f"rate is {lr:.3g}: use a lower `--lr`"
    )


def _stopped(signal: int, run: RunDirectory, world: World) -> Stopped:
    message = (
        f"stopped: `archspec train --resume {run.path}` goes on from here"
        if world.is_main
        else ""
    )
    return Stopped(message, signal)
