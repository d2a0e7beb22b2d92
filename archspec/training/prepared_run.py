"""A run that is ready to train: what the loop reads, and the checkpoints it saves."""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass
from typing import Any

from archspec.runs.directory import RunDirectory
from archspec.runs.errors import Stopped, TrainingError
from archspec.settings.settings import Settings
from archspec.spec import Spec
from archspec.training.checkpoint import Checkpoint, Position, save_checkpoint
from archspec.training.data.batch_protocol import BatchLoader
from archspec.training.data.image_reading import ImageReading
from archspec.training.data.input_normalization import ChannelStatistics
from archspec.training.device import describe_device
from archspec.training.distributed.world import World
from archspec.training.latest_checkpoint import LatestCheckpoint
from archspec.training.objective import Objective
from archspec.training.random_state import random_state
from archspec.training.schedule import learning_rate
from archspec.training.train_state import TrainState
from archspec.training.weights.load_report import LoadReport


@dataclass(frozen=True, slots=True, kw_only=True)
class Loaders:
    """The images of a run."""

    train: BatchLoader
    val: BatchLoader
    test: BatchLoader | None
    reading: ImageReading

    @property
    def num_images(self) -> list[int]:
        """The numbers of training, validation and test images."""
        loaders = (self.train, self.val, self.test)
        return [each.num_images if each else 0 for each in loaders]


@dataclass(slots=True, kw_only=True)
class PreparedRun:
    """All parts of a run, in the state from which it starts or resumes."""

    spec: Spec
    settings: Settings
    """With each `auto` resolved."""

    world: World
    loaders: Loaders
    state: TrainState
    statistics: ChannelStatistics
    objective: Objective
    position: Position
    """The loop updates it."""

    config: dict[str, Any]
    """The contents of `config.json`."""

    directory: RunDirectory
    lock: AbstractContextManager[object]
    """Held by the main process while the run trains."""

    latest: LatestCheckpoint
    """The checkpoint that was restored, and those that could not be used."""

    load_report: LoadReport | None
    """What was loaded from `--weights`, in a new run."""

    @property
    def steps_per_epoch(self) -> int:
        """The number of steps in an epoch."""
        return len(self.loaders.train)

    def lr_at(self, epoch: int, step: int) -> float:
        """The learning rate in the middle of a step; epochs and steps count from 1."""
        point = epoch - 1 + (step - 0.5) / self.steps_per_epoch
        peak = self.settings.optimizer.arguments["lr"]
        return learning_rate(self.settings.schedule, peak, point, self.settings.epochs)

    def save(self, *, is_best: bool = False) -> None:
        """Save `last.pt` and, for the best epoch, `best.pt`. All processes call this."""
        checkpoint = self._checkpoint()
        with self.world.raise_together():
            if self.world.is_main and is_best:
                save_checkpoint(self.directory.best, checkpoint)
            if self.world.is_main:
                directory = self.directory
                save_checkpoint(directory.last, checkpoint, directory.previous)

    def _checkpoint(self) -> Checkpoint:
        position = self.position
        totals, pixels = position.totals, self.loaders.reading.pixels
        return Checkpoint(
            spec=self.spec.text,
            imports={**self.spec.imports},
            config=self.config,
            classes=[*self.loaders.train.classes],
            num_images=self.loaders.num_images,
            epoch=len(position.history),
            metrics=[asdict(metrics) for metrics in position.history],
            step=position.step,
            totals=(totals.loss, totals.correct, totals.images),
            seconds=position.seconds,
            statistics=(self.statistics.mean, self.statistics.std),
            pixels=pixels and (*pixels,),
            ema_updates=self.state.ema_updates,
            rng=self.world.all_gather(random_state(self.world.device)),
            **self.state.state_dicts(),
        )

    def describe(self) -> str:
        """The first line that a run prints."""
        train, val, test = self.loaders.num_images
        return (
            f"{self.spec.name}: {self.spec.params:,} parameters, {self.settings.data}: "
            f"{train:,} images, {val:,} for validation, {test:,} for the test, "
            f"{describe_device(self.settings, self.world)}, to {self.directory.path}"
        )

    def diverged(self, epoch: int, step: int) -> TrainingError:
        """The error for a loss that is NaN or infinite after a step."""
        if (epoch, step) == (1, 1):
            return self.world.error(
                "the loss is NaN or infinite before the first update: the weights that the run "
                "starts from, or the images, are at fault"
            )
        return self.world.error(
            f"the loss became NaN or infinite at step {step} of epoch {epoch}, where the "
            f"learning rate is {self.lr_at(epoch, step):.3g}: {self._hint_at_lower_lr()}"
        )

    def _hint_at_lower_lr(self) -> str:
        if self.latest.checkpoint is None:
            return "use a lower `--lr`"
        return (
            "start a new run with a lower `--lr`, the other flags of this one, and "
            f"`--weights {self.directory.path}`, which loads its best epoch"
        )

    def stopped(self, signal: int) -> Stopped:
        """The end of a run that a signal stops, with a message in the main process."""
        hint = f"`archspec train --resume {self.directory.path}` continues from here"
        return Stopped(f"stopped: {hint}" if self.world.is_main else "", signal)

    def stopped_waiting(self, signal: int) -> Stopped:
        """The end of a run that a signal stops while it waits for a batch, in any process.

        It is not saved, which all processes would have to do.
        """
        return Stopped(
            "stopped without saving, since reading an image takes too long: "
            f"`archspec train --resume {self.directory.path}` continues from the last "
            "checkpoint",
            signal,
        )
