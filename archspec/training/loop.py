"""The training loop, for any network and any number of processes."""

from __future__ import annotations

import time
from contextlib import nullcontext
from dataclasses import dataclass
from functools import partial
from math import isfinite
from pathlib import Path

import torch

from archspec.runs.atomic_files import remove_temporary_files
from archspec.runs.curves import draw_curves
from archspec.runs.directory import RunDirectory
from archspec.runs.errors import DataLoaderWorkerError
from archspec.runs.history import EpochMetrics, best_epoch
from archspec.runs.outcome_warning import outcome_warning
from archspec.runs.torch_error_wordings import is_dead_worker
from archspec.settings.settings import Settings
from archspec.spec import Spec
from archspec.training.checkpoint import Position
from archspec.training.cuda_graphs import with_cuda_graphs
from archspec.training.device import resolve_auto, tune_device
from archspec.training.distributed.launch_environment import raise_on_rank_zero
from archspec.training.distributed.world import init_world
from archspec.training.due_actions import ActionSchedule, Interrupted
from archspec.training.evaluation_loop import EvaluationLoop
from archspec.training.gradients import compute_gradients
from archspec.training.metrics import Meter, Totals
from archspec.training.prepared_run import PreparedRun
from archspec.training.progress import RunProgress
from archspec.training.setup import prepare_run, with_full_name
from archspec.training.signals import BROKEN_PIPE, SignalReceiver, WaitInterrupted
from archspec.training.tensorboard import require_tensorboard, tensorboard_log


@dataclass(frozen=True, slots=True, repr=False)
class TrainedRun:
    """A run that has finished."""

    directory: RunDirectory
    history: list[EpochMetrics]
    warnings: list[str]
    """That it has learned nothing, or has skipped images."""

    is_main: bool
    """Whether this process prints the results."""

    def __repr__(self) -> str:
        """One line: the directory, the epochs and the best accuracy."""
        best = f"validation accuracy {self.best.val_accuracy:.4f}"
        return f"<TrainedRun {self.path}: {len(self.history)} epochs, {best}>"

    @property
    def path(self) -> Path:
        """The run directory."""
        return self.directory.path

    @property
    def best(self) -> EpochMetrics:
        """The epoch whose weights are in `best.pt`."""
        return best_epoch(self.history)


def train(
    spec: Spec,
    settings: Settings,
    *,
    name: str | None = None,
    resume: RunDirectory | None = None,
    download: bool = False,
    quiet: bool = False,
) -> TrainedRun:
    """Train a network and write a run directory, which has its name or the spec's.

    A resumed run continues after its last checkpoint. On a CPU it ends with the same
    weights, bit for bit, as a run that was not interrupted.

    Raises:
        TrainingError: if the run cannot start or continue.
        Stopped: on SIGINT, SIGTERM or SIGHUP, after the run is saved.
    """
    with raise_on_rank_zero():
        settings = resolve_auto(settings, spec)
        if resume is None:
            settings = with_full_name(settings, spec)
        if settings.tensorboard:
            require_tensorboard()
    try:
        with init_world(torch.device(settings.device)) as world:
            tune_device(settings, spec, world)
            run = prepare_run(
                spec, settings, world, resume, download=download, name=name
            )
            try:
                _run_epochs(run, quiet=quiet)
            except WaitInterrupted as interrupt:
                raise run.stopped_waiting(interrupt.signal) from None
            if world.is_main:
                _finish(run)
            return _trained(run)
    except RuntimeError as error:  # from a signal handler of torch, at any place
        if not is_dead_worker(error):
            raise
        raise DataLoaderWorkerError from error


def _run_epochs(run: PreparedRun, *, quiet: bool) -> None:
    """Train and evaluate the epochs that are left."""
    settings, world, state = run.settings, run.world, run.state
    steps, done = run.steps_per_epoch, len(run.position.history)
    meter = Meter(world)
    evaluate = EvaluationLoop(run.objective, state.evaluated_model, world)
    backward = with_cuda_graphs(
        partial(compute_gradients, state=state, objective=run.objective, meter=meter),
        world,
        state.trained_parameters,
    )
    signals = SignalReceiver(can_force=world.size == 1)
    progress = RunProgress(
        steps,
        settings.epochs,
        done=done,
        quiet=quiet or not world.is_main,
        on_closed=partial(signals.receive, BROKEN_PIPE),
    )
    log = (
        tensorboard_log(run.directory.path, done)
        if settings.tensorboard and world.is_main
        else nullcontext(lambda _: None)
    )
    actions = ActionSchedule(world, signals, progress.interval)
    with run.lock, progress, signals, log as log_epoch:
        _start(run, progress)
        for epoch in range(done + 1, settings.epochs + 1):
            position = run.position
            started = time.perf_counter() - position.seconds
            reported, first_step = position.totals, position.step
            meter.start(position.totals)
            state.train_mode()
            batches = run.loaders.train.batches(epoch, first_step)
            for step, batch in enumerate(batches, first_step + 1):
                state.set_lr(run.lr_at(epoch, step))
                backward(batch)

                # All processes agree on what is due. A loss that is NaN or infinite ends
                # the run before the update. A CPU checks each step. A GPU would have to
                # wait for the loss, so it may take more steps, which are not saved.
                diverged = world.device.type == "cpu" and not meter.is_finite()
                due = actions.due(step, diverged=diverged)
                if any(due) or step == steps:
                    position.step, position.totals = step, meter.read()
                    position.seconds = time.perf_counter() - started
                    if not isfinite(position.totals.loss):
                        last_finite = first_step + meter.num_finite_steps()
                        raise run.diverged(epoch, last_finite + 1)
                state.update(settings.clip)

                if due.save or due.signal:
                    run.save()
                if due.report:
                    progress.step(epoch, step, position.totals.since(reported))
                    reported = position.totals
                if due.signal:
                    raise run.stopped(due.signal)

            state.broadcast_buffers()
            progress.evaluating(epoch)
            val, test = _evaluate(run, epoch, evaluate, actions)
            seconds = time.perf_counter() - started
            metrics = _epoch_metrics(
                position, val, test, run.lr_at(epoch, steps), seconds
            )
            run.position = Position([*position.history, metrics])
            log_epoch(metrics)
            run.save(is_best=best_epoch(run.position.history) is metrics)
            if world.is_main:
                run.directory.write_metrics(run.position.history)
            progress.epoch(metrics)
            if signal := actions.due(0).signal:
                raise run.stopped(signal)


def _start(run: PreparedRun, progress: RunProgress) -> None:
    """Write the files of the run, restore a lost `best.pt`, and print the first lines."""
    directory, history = run.directory, run.position.history
    if run.world.is_main:
        remove_temporary_files(directory.path)
        directory.write_config(run.config)
        directory.write_metrics(history)
        progress.warn(run.latest.rename_unusable())
    is_best_lost = run.world.broadcast(
        lambda: bool(history) and not directory.best.exists()
    )
    if is_best_lost:
        best = best_epoch(history)
        if run.position.step == 0 and best is history[-1]:
            run.save(is_best=True)
        else:
            progress.warn(
                f"the weights of epoch {best.epoch}, the best so far, are lost"
            )
    progress.print_line(run.describe())
    progress.print_line(str(run.load_report or ""))
    for line in run.loaders.reading.describe():
        progress.print_line(line)


def _evaluate(
    run: PreparedRun, epoch: int, evaluate: EvaluationLoop, actions: ActionSchedule
) -> tuple[Totals, Totals | None]:
    """Evaluate the validation and the test images; save the run if a signal arrives."""
    loaders = run.loaders
    if run.settings.data == "folder":  # an image that cannot be read ends the run
        run.save()
    try:
        val = evaluate(loaders.val, actions)
        test = evaluate(loaders.test, actions) if loaders.test else None
    except Interrupted as interrupt:
        run.save()
        raise run.stopped(interrupt.signal) from None
    loaders.reading.share_unreadable(run.world)
    if not all(isfinite(each.loss) for each in (val, test or val)):
        raise run.diverged(epoch, run.steps_per_epoch)
    return val, test


def _epoch_metrics(
    position: Position, val: Totals, test: Totals | None, lr: float, seconds: float
) -> EpochMetrics:
    return EpochMetrics(
        epoch=len(position.history) + 1,
        train_loss=position.totals.mean_loss,
        train_accuracy=position.totals.accuracy,
        val_loss=val.mean_loss,
        val_accuracy=val.accuracy,
        lr=lr,
        images_per_second=position.totals.images / position.seconds,
        seconds=seconds,
        test_loss=test and test.mean_loss,
        test_accuracy=test and test.accuracy,
    )


def _trained(run: PreparedRun) -> TrainedRun:
    _, num_val_images, _ = run.loaders.num_images
    history, num_classes = run.position.history, len(run.loaders.train.classes)
    warnings = [
        run.loaders.reading.warning(),
        outcome_warning(history, num_classes, num_val_images),
    ]
    return TrainedRun(
        run.directory, history, [*filter(None, warnings)], run.world.is_main
    )


def _finish(run: PreparedRun) -> None:
    """Remove the checkpoint before the last, and draw the curves."""
    run.directory.previous.unlink(missing_ok=True)
    title = f"{run.spec.name} on {run.settings.data}"
    draw_curves(run.position.history, title, run.directory.path)
