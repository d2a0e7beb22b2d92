"""The training loop, whole: any spec, any number of processes."""

from __future__ import annotations

import time
from contextlib import nullcontext
from dataclasses import asdict, dataclass
from math import isfinite

import torch

from archspec.backends.torch.module_builder import build
from archspec.spec import Spec
from archspec.training.checkpoint import (
    Checkpoint,
    Latest,
    Position,
    is_of_run,
    load_latest,
    random_states,
    restore_random_states,
    save_checkpoint,
)
from archspec.training.errors import DeadReaderError, Stopped, TrainingError
from archspec.training.evaluator import Evaluator
from archspec.training.files import remove_temporary_files
from archspec.training.history import EpochMetrics, best_epoch
from archspec.training.images.batches import Batch
from archspec.training.images.data import open_test, open_training
from archspec.training.images.tensors import Statistics
from archspec.training.learner import Learner
from archspec.training.machine.device import describe_world, settle_device, tune
from archspec.training.machine.place import said_once
from archspec.training.machine.world import World, join_world
from archspec.training.metrics import Meter
from archspec.training.objective import Objective
from archspec.training.progress import RunProgress
from archspec.training.recipes import initialize, learning_rate
from archspec.training.recording import recorded
from archspec.training.results.curves import draw_curves
from archspec.training.run_directory import RunDirectory, describe_run
from archspec.training.settings import Settings, check_epochs
from archspec.training.tensorboard import require_tensorboard, tensorboard_log
from archspec.training.watch import Interrupted, Watch
from archspec.training.weights.loading import load_weights

# torch's words of a process that reads images
DEAD_WORKER = (") exited unexpectedly", ") is killed by signal")


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
        return best_epoch(self.metrics)


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
    with said_once():
        settings = settle_device(settings, spec)
        if settings.tensorboard:
            require_tensorboard()
    try:
        with join_world(torch.device(settings.device)) as world:
            tune(settings, spec, world)
            return _train(spec, settings, world, resume, download=download)
    except RuntimeError as error:  # from a signal handler of torch, wherever we are
        if not any(words in str(error) for words in DEAD_WORKER):
            raise
        raise DeadReaderError from error


def _train(  # noqa: PLR0915  # one loop, to be read from top to bottom
    spec: Spec,
    settings: Settings,
    world: World,
    resume: RunDirectory | None,
    *,
    download: bool,
) -> TrainedRun:
    # --- the images ---
    with world.together(), world.one_first():
        train_batches, val_batches = open_training(
            settings, spec, world, download=download
        )
        classes = train_batches.classes
        test_batches = open_test(settings, spec, world, classes, download=download)
    sets = (train_batches, val_batches, test_batches)
    num_images = [each.num_images if each else 0 for each in sets]
    world.check_same(num_images, "as many images as")
    found = world.from_main(lambda: _load_latest(resume, spec, settings))
    before = found.checkpoint

    # --- the network: the same weights in every process, and other random numbers ---
    torch.manual_seed(settings.seed)
    report = None
    with world.together():
        _check_images(settings, world, before, num_images, classes)
        check_epochs(settings, done=before.epoch if before else 0)
        network = build(spec.graph)
        initialize(network, spec.graph, settings.init)
        if settings.weights and before is None:
            report = load_weights(
                network, spec, settings.weights, renames=settings.rename, new_head=True
            )
        learner = Learner(network, settings, world)
    learner.join()
    torch.manual_seed(settings.seed + 1 + world.rank)

    # --- where the run stands: at its beginning, or where a checkpoint has left it ---
    at = Position()
    if before:
        at = before.position
        try:
            learner.restore(before)
        except (RuntimeError, ValueError, KeyError) as error:
            raise world.failure(
                "the weights of the checkpoint are not those of the network: start a new run"
            ) from error
        if len(before.rng) == world.size:
            restore_random_states(before.rng[world.rank], world.device)
    statistics = (
        Statistics(*before.statistics)
        if before
        else world.from_main(train_batches.measure)
    )
    objective = Objective(spec, settings, statistics, world.device)
    evaluate, meter = Evaluator(objective, learner.evaluated, world), Meter(world)
    run = world.from_main(lambda: resume or RunDirectory.create(spec, settings))
    with world.together():
        occupied = run.occupy() if world.is_main else nullcontext()
    epochs, steps = settings.epochs, len(train_batches)

    def lr_at(epoch: int, step: int) -> float:
        """The learning rate in the middle of a step; epochs and steps count from 1."""
        moment = epoch - 1 + (step - 0.5) / steps
        peak = settings.optimizer.arguments["lr"]
        return learning_rate(settings.schedule, peak, moment, epochs)

    def save(*, is_best: bool = False) -> None:
        """Write checkpoints of where the run stands; all processes take part."""
        checkpoint = Checkpoint(
            spec=spec.text,
            imports={**spec.imports},
            config=describe_run(spec, settings),
            classes=[*classes],
            num_images=num_images,
            epoch=len(at.rows),
            metrics=[asdict(row) for row in at.rows],
            step=at.step,
            totals=(at.totals.loss, at.totals.correct, at.totals.images),
            seconds=at.seconds,
            statistics=(statistics.mean, statistics.std),
            rng=world.gather(random_states(world.device)),
            **learner.state(),
        )
        with world.together():
            if world.is_main and is_best:
                save_checkpoint(run.best, checkpoint)
            if world.is_main:
                save_checkpoint(run.last, checkpoint, run.previous)

    def backward(batch: Batch) -> None:
        """Gradients of a step's mean loss; its figures go to the meter."""
        # A step's images in parts: their gradients add up to those of the whole.
        num_parts = parts_of(batch.size // world.size, settings.accumulate)
        images = objective.augment(batch.images).tensor_split(num_parts)
        labels = batch.labels.tensor_split(num_parts)
        for part, (x_NCHW, y_N) in enumerate(zip(images, labels, strict=True), 1):
            with learner.gradients(complete=part == num_parts):
                logits_NK, loss = objective(learner.model, x_NCHW, y_N)
                # The mean over all images of the step: processes average.
                mean_loss = loss * (world.size / batch.size)
                learner.scaler.scale(mean_loss).backward()  # type: ignore[no-untyped-call]
            meter.add(loss, logits_NK, y_N)
        meter.end_step()

    compute_gradients = recorded(backward, world, learner.trained)
    progress = RunProgress(steps, epochs, done=len(at.rows), quiet=not world.is_main)
    log = (
        tensorboard_log(run.path, len(at.rows))
        if settings.tensorboard and world.is_main
        else nullcontext(lambda _: None)
    )
    watch = Watch(world, progress.interval)
    with occupied, progress, watch, log as log_epoch:
        if world.is_main:
            remove_temporary_files(run.path)
            run.write_config(spec, settings)
            run.write_metrics(at.rows)
            progress.warn(found.set_aside())
        best_is_lost = world.from_main(lambda: bool(at.rows) and not run.best.exists())
        if best_is_lost and at.step == 0 and best_epoch(at.rows) is at.rows[-1]:
            save(is_best=True)
        elif best_is_lost:
            progress.warn(
                f"the weights of epoch {best_epoch(at.rows).epoch}, the best so far, are lost"
            )
        progress.say(
            f"{spec.name}: {spec.params:,} parameters, {settings.data}: "
            f"{num_images[0]:,} images, {num_images[1]:,} for validation, "
            f"{num_images[2]:,} for the test, "
            f"{describe_world(settings, world)}, to {run.path}"
        )
        progress.say(str(report or ""))
        for epoch in range(len(at.rows) + 1, epochs + 1):
            started = time.perf_counter() - at.seconds
            reported, first = at.totals, at.step
            meter.start(at.totals)
            learner.train_mode()
            for step, batch in enumerate(train_batches.steps(epoch, first), first + 1):
                learner.set_lr(lr_at(epoch, step))
                compute_gradients(batch)

                # All processes agree on what is due. A loss that is no number ends the run
                # before the update. A CPU looks after each step; a GPU would have to wait
                # for that, and may have run on by then: nothing of it stays.
                is_bad = world.device.type == "cpu" and not meter.is_finite()
                due = watch.look(step, bad=is_bad)
                if any(due) or step == steps:
                    at.step, at.totals = step, meter.read()  # CPU-GPU sync point
                    at.seconds = time.perf_counter() - started
                    if not isfinite(at.totals.loss):
                        bad_step = first + meter.num_finite() + 1
                        raise _diverged(epoch, bad_step, lr_at(epoch, bad_step), world)
                learner.update(settings.clip)

                if due.save or due.signal:
                    save()
                if due.report:
                    progress.step(epoch, step, at.totals.since(reported))
                    reported = at.totals
                if due.signal:
                    raise _stopped(due.signal, run, world)

            learner.share_buffers()
            progress.evaluating(epoch)
            try:
                val = evaluate(val_batches, watch)
                test = evaluate(test_batches, watch) if test_batches else None
            except Interrupted as interrupt:
                save()
                raise _stopped(interrupt.signal, run, world) from None
            if not all(isfinite(each.loss) for each in (val, test or val)):
                raise _diverged(epoch, steps, lr_at(epoch, steps), world)
            row = EpochMetrics(
                epoch=epoch,
                train_loss=at.totals.mean_loss,
                train_accuracy=at.totals.accuracy,
                val_loss=val.mean_loss,
                val_accuracy=val.accuracy,
                lr=lr_at(epoch, steps),
                images_per_second=at.totals.images / at.seconds,
                seconds=time.perf_counter() - started,
                test_loss=test and test.mean_loss,
                test_accuracy=test and test.accuracy,
            )
            at = Position([*at.rows, row])
            log_epoch(row)
            save(is_best=best_epoch(at.rows) is row)
            if world.is_main:
                run.write_metrics(at.rows)
            progress.epoch(row)
            if signal := watch.look(0).signal:
                raise _stopped(signal, run, world)
    if world.is_main:
        run.previous.unlink(missing_ok=True)
        draw_curves(at.rows, f"{spec.name} on {settings.data}", run.path)
    return TrainedRun(run, at.rows, world.is_main)


def parts_of(num_images: int, most: int) -> int:
    """Into how many parts a process cuts its images: batch norm needs two in each."""
    return max(1, min(most, num_images // 2))


def _load_latest(resume: RunDirectory | None, spec: Spec, settings: Settings) -> Latest:
    """What a run goes on from."""
    if resume is None:
        return Latest()
    paths = (resume.last, resume.previous, resume.best)
    return load_latest(paths, lambda found: is_of_run(found, spec, settings))


def _check_images(
    settings: Settings,
    world: World,
    before: Checkpoint | None,
    num_images: list[int],
    classes: tuple[str, ...],
) -> None:
    """Refuse steps too small to share, and images other than a run began with."""
    if settings.batch_size < 2 * world.size and world.size > 1:
        raise TrainingError(
            f"{settings.batch_size} images in a step are too few for {world.size} "
            "processes: use a larger `--batch-size`"
        )
    if before is None:
        return
    where = f"`{settings.data}` under `{settings.data_root}`"
    way_out = "use `--data-root DIR` if they are elsewhere, or start a new run"
    uses = ("to train with", "for validation", "for the test")
    for use, then, now in zip(uses, before.num_images, num_images, strict=True):
        if then != now:
            raise TrainingError(
                f"the run began with {then:,} images {use}, and {where} has {now:,} now: "
                f"{way_out}"
            )
    if tuple(before.classes) != classes:
        raise TrainingError(
            f"the run began with other classes than {where} has now: {way_out}"
        )


def _diverged(epoch: int, step: int, lr: float, world: World) -> TrainingError:
    if (epoch, step) == (1, 1):
        return world.failure(
            "the loss is no number before the first update: the weights that the run starts "
            "from, or the images, are at fault"
        )
    return world.failure(
        f"the loss is no longer a number at step {step} of epoch {epoch}, where the learning "
        f"rate is {lr:.3g}: use a lower `--lr`"
    )


def _stopped(signal: int, run: RunDirectory, world: World) -> Stopped:
    how = f"stopped: `archspec train --resume {run.path}` goes on from here"
    return Stopped(how if world.is_main else "", signal)
