"""Prepare a run: its images, its network and its directory; restore a checkpoint."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch

from archspec.backends.torch.module_from_source import build
from archspec.lints.batch_of_one import norm_fault
from archspec.runs.config import describe_run
from archspec.runs.directory import RunDirectory
from archspec.runs.errors import TrainingError
from archspec.runs.resolve_settings import check_epochs
from archspec.settings.published_name import is_published
from archspec.settings.settings import Settings
from archspec.spec import Spec
from archspec.training.checkpoint import Checkpoint, Position
from archspec.training.data.build_loaders import (
    build_test_loader,
    build_training_loaders,
    check_ports,
)
from archspec.training.data.image_reading import ImageReading
from archspec.training.data.input_normalization import ChannelStatistics
from archspec.training.distributed.world import World
from archspec.training.initialization import initialize
from archspec.training.latest_checkpoint import (
    LatestCheckpoint,
    difference_to_run,
    load_latest,
)
from archspec.training.objective import Objective
from archspec.training.prepared_run import Loaders, PreparedRun
from archspec.training.random_state import restore_random_state
from archspec.training.train_state import TrainState
from archspec.training.weights.hub_cache import cached_file
from archspec.training.weights.load_report import LoadReport
from archspec.training.weights.loading import load_weights


def prepare_run(
    spec: Spec,
    settings: Settings,
    world: World,
    resume: RunDirectory | None,
    *,
    download: bool,
    name: str | None = None,
) -> PreparedRun:
    """Prepare a new run, or one that resumes. All processes call this.

    Raises:
        TrainingError: if the run cannot start or resume.
    """
    check_ports(spec)
    _check_norms(spec, settings)
    loaders = _build_loaders(settings, spec, world, download=download)
    config = describe_run(spec, settings) | {"torch": str(torch.__version__)}
    latest = world.broadcast(lambda: _latest(resume, spec, config))
    checkpoint = latest.checkpoint
    expected = None
    if checkpoint is None and settings.weights and is_published(settings.weights):
        with world.raise_together(), world.local_rank_zero_first():
            expected = _fetch(settings.weights, spec)
    state, load_report = _build_state(spec, settings, world, loaders, checkpoint)
    if checkpoint:
        _restore(state, checkpoint)
        statistics = ChannelStatistics(*checkpoint.statistics)
        loaders.reading.pixels = checkpoint.pixel_format
    else:
        statistics, loaders.reading.pixels = world.broadcast(
            lambda: (loaders.train.statistics(), loaders.reading.pixels)
        )
        statistics = expected or statistics
    objective = Objective(spec, settings, statistics, world.device)
    directory = world.broadcast(
        lambda: resume or RunDirectory.create(spec, settings.out, config, name)
    )
    return PreparedRun(
        spec=spec,
        settings=settings,
        world=world,
        loaders=loaders,
        state=state,
        statistics=statistics,
        objective=objective,
        position=checkpoint.position if checkpoint else Position(),
        config=config,
        directory=directory,
        lock=_lock(directory, world),
        latest=latest,
        load_report=load_report,
    )


def with_full_name(settings: Settings, spec: Spec) -> Settings:
    """The settings, with published weights as `ResNet50_Weights.IMAGENET1K_V2`.

    A run records this name, which means the same without its spec and in later versions.

    Raises:
        TrainingError: if there are no weights of that name.
    """
    if settings.weights is None or not is_published(settings.weights):
        return settings
    from archspec.training.weights.published import find_published  # 1.7 s

    name = str(find_published(settings.weights, spec))
    return replace(settings, weights=Path(name))


def _fetch(source: Path, spec: Spec) -> ChannelStatistics:
    """Download published weights, and give the statistics of images they expect."""
    from archspec.training.weights.published import find_published, statistics_of

    weights = find_published(source, spec)
    cached_file(weights.url)
    return statistics_of(weights, spec.input_shape[0])


def _latest(
    resume: RunDirectory | None, spec: Spec, config: Mapping[str, Any]
) -> LatestCheckpoint:
    if resume is None:
        return LatestCheckpoint()
    paths = (resume.last, resume.previous, resume.best)
    return load_latest(paths, lambda c: difference_to_run(c, resume, spec, config))


def _build_loaders(
    settings: Settings, spec: Spec, world: World, *, download: bool
) -> Loaders:
    reading = ImageReading(settings.skip_unreadable)
    with world.raise_together(), world.local_rank_zero_first():
        train, val = build_training_loaders(
            settings, spec, world, reading, download=download
        )
        test = build_test_loader(
            settings, spec, world, train.classes, reading, download=download
        )
    loaders = Loaders(train=train, val=val, test=test, reading=reading)
    world.check_equal(loaders.num_images, "as many images as")
    return loaders


def _build_state(
    spec: Spec,
    settings: Settings,
    world: World,
    loaders: Loaders,
    checkpoint: Checkpoint | None,
) -> tuple[TrainState, LoadReport | None]:
    """The network with the same weights in all processes, and its optimizer.

    From then on the processes draw different random numbers, as for dropout.
    """
    torch.manual_seed(settings.seed)
    report = None
    with world.raise_together():
        _check_batch_size(settings, world)
        if checkpoint:
            _check_images(settings, checkpoint, loaders)
        check_epochs(settings, done=checkpoint.epoch if checkpoint else 0)
        network = build(spec.graph)
        initialize(network, spec.graph, settings.init)
        if settings.weights and checkpoint is None:
            report = load_weights(
                network, spec, settings.weights, renames=settings.rename, adapt=True
            )
        state = TrainState(network, settings, world)
    state.distribute()
    torch.manual_seed(settings.seed + 1 + world.rank)
    return state, report


def _restore(state: TrainState, checkpoint: Checkpoint) -> None:
    """Load the weights, the optimizer and the random state of a checkpoint."""
    world = state.world
    try:
        state.restore(checkpoint)
    except (RuntimeError, ValueError, KeyError) as error:
        raise world.error(
            "the weights of the checkpoint are not those of the network: start a new run"
        ) from error
    if len(checkpoint.rng) == world.size:
        restore_random_state(checkpoint.rng[world.rank], world.device)


def _lock(directory: RunDirectory, world: World) -> AbstractContextManager[object]:
    with world.raise_together():
        return directory.lock() if world.is_main else nullcontext()


def _check_norms(spec: Spec, settings: Settings) -> None:
    """Check that no batch norm sees a single value of each channel."""
    faults = filter(None, map(norm_fault, spec.graph.nodes))
    if settings.batch_size == 1 and (fault := next(faults, None)):
        raise TrainingError(f"{fault.message}: use a larger `--batch-size`")


def _check_batch_size(settings: Settings, world: World) -> None:
    """Check that each of several processes gets two images, which batch norm needs."""
    if settings.batch_size < 2 * world.size and world.size > 1:
        raise TrainingError(
            f"{settings.batch_size} images in a step are too few for {world.size} "
            "processes: use a larger `--batch-size`"
        )


def _check_images(settings: Settings, checkpoint: Checkpoint, loaders: Loaders) -> None:
    """Check that a resumed run finds the images that it began with."""
    where = f"`{settings.data}` under `{settings.data_root}`"
    hint = "use `--data-root DIR` if they are elsewhere, or start a new run"
    uses = ("to train with", "for validation", "for the test")
    counts = zip(uses, checkpoint.num_images, loaders.num_images, strict=True)
    for use, before, now in counts:
        if before != now:
            raise TrainingError(
                f"the run began with {before:,} images {use}, and {where} has {now:,} now: "
                f"{hint}"
            )
    if tuple(checkpoint.classes) != loaders.train.classes:
        raise TrainingError(
            f"the run began with other classes than {where} has now: {hint}"
        )
