"""`archspec train`: train a network and write a run directory."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from archspec.runs.config import different_part
from archspec.runs.directory import RunDirectory
from archspec.runs.errors import Stopped, TrainingError, UsageError
from archspec.runs.resolve_settings import resolve_settings, resume_settings
from archspec.runs.torch_error_wordings import is_failed_compilation, is_out_of_memory
from archspec.settings.declaration import Panel
from archspec.settings.settings import FLAGS, SETTINGS, Settings
from archspec.spec import Spec
from archspec.training.cpu_runtime import configure_cpu_runtime
from archspec.training.distributed.launch_environment import (
    is_launched_by_archspec,
    raise_on_rank_zero,
    read_launch_environment,
    terminate_with_parent,
)

from .completion import complete_spec
from .epochs import epoch_table
from .exit_codes import SIGNAL, USAGE, announce_torch, stop
from .model_loading import weights_source
from .options import InputOption, PretrainedOption, SetOption, VariantOption
from .setting_options import add_setting_options
from .spec_loading import load_spec

if TYPE_CHECKING:
    from archspec.training.loop import TrainedRun

# Parameters that `--help` lists before the others of their panel.
HELP_ORDER = (
    "data", "epochs", "batch_size", "lr", "optimizer", "schedule", "augment",
    "out", "name", "resume", "tensorboard",
    "data_root", "download", "device", "devices", "strategy",
)  # fmt: skip


@dataclass(frozen=True)
class _How:
    """Options that are no settings: they change nothing that a run computes."""

    name: str | None
    download: bool
    quiet: bool


def train(
    spec: Annotated[
        str | None,
        typer.Argument(
            metavar="SPEC",
            autocompletion=complete_spec,
            help="A spec file, or a bundled spec's name; not needed with `--resume`.",
            show_default=False,
        ),
    ] = None,
    resume: Annotated[
        Path | None,
        typer.Option(
            metavar="RUN",
            help="Resume a run from its last checkpoint.",
            rich_help_panel=Panel.RUN,
        ),
    ] = None,
    download: Annotated[
        bool,
        typer.Option(
            "--download",
            help="Download the data set if it is missing.",
            rich_help_panel=Panel.MACHINE,
        ),
    ] = False,
    devices: Annotated[
        int | None,
        typer.Option(
            min=1,
            metavar="N",
            help="Number of processes that share each step.",
            rich_help_panel=Panel.MACHINE,
        ),
    ] = None,
    name: Annotated[
        str | None,
        typer.Option(
            "--name",
            metavar="NAME",
            help="Name of the run, whose directory is `DIR/NAME-1` (default: the spec's).",
            rich_help_panel=Panel.RUN,
        ),
    ] = None,
    quiet: Annotated[
        bool,
        typer.Option(
            "--quiet", "-q", help="Print no progress.", rich_help_panel=Panel.RUN
        ),
    ] = False,
    pretrained: PretrainedOption = False,
    overrides: SetOption = None,
    input_: InputOption = None,
    variant: VariantOption = None,
    **flags: Any,
) -> None:
    """Train a network. Flags override the spec's `train:` section."""
    given = {name: value for name, value in flags.items() if value not in (None, [])}
    calls = {name: text for name, text in given.items() if FLAGS[name].is_recipe}
    values = {name: _value(value) for name, value in given.items() if name not in calls}
    if source := weights_source(values.get("weights"), pretrained=pretrained):
        values["weights"] = source
    if "rename" in values and "weights" not in values:
        stop("`--rename` is about the names in a file: add `--weights FILE`", USAGE)
    if resume and calls:
        stop(f"a resumed run keeps its `--{next(iter(calls))}`: omit it", USAGE)
    if spec is None and (resume is None or overrides or input_ or variant):
        stop("name a SPEC to train; `archspec list` shows the bundled ones", USAGE)
    network = None
    if spec is not None:
        with raise_on_rank_zero():
            network = load_spec(spec, overrides, input_, variant, calls, source)
    try:
        announce_torch()
        how = _How(name, download=download, quiet=quiet)
        _run(network, values, resume, devices, how)
    except Stopped as stopped:
        if str(stopped):
            print(stopped, file=sys.stderr)
        raise typer.Exit(SIGNAL + stopped.signal) from None


add_setting_options(train, FLAGS.values(), HELP_ORDER)


def _value(flag: Any) -> Any:
    return tuple(flag) if isinstance(flag, list) else flag


def _run(
    spec: Spec | None,
    flags: Mapping[str, object],
    resume: Path | None,
    devices: int | None,
    how: _How,
) -> None:
    """Train in this process, or in as many as `--devices` tells."""
    configure_cpu_runtime()
    if is_launched_by_archspec():
        terminate_with_parent()
    with raise_on_rank_zero():
        spec, settings, run = _resolve(spec, flags, resume)
    is_done = run is not None and len(run.read_metrics()) == settings.epochs
    launched = read_launch_environment()
    if launched and devices not in (None, launched.local_world_size):
        stop(
            f"`--devices {devices}` conflicts with the {launched.local_world_size} processes that "
            "are launched already: omit it",
            USAGE,
        )
    if launched is None and devices and devices > 1:
        raise typer.Exit(_launch(devices, settings))
    if launched is None:
        _check_flags_of_one_process(flags)
    trained = _train(spec, settings, run, how)
    if trained.is_main:
        try:
            if is_done and not how.quiet:
                print(
                    f"`{trained.path}` has trained its {settings.epochs} epochs: use a "
                    "larger `--epochs` to continue"
                )
            _print_outcome(trained, quiet=how.quiet)
            sys.stdout.flush()
        except BrokenPipeError:
            print(f"done: the run is in `{trained.directory.path}`", file=sys.stderr)
            raise


def _resolve(
    spec: Spec | None, flags: Mapping[str, object], resume: Path | None
) -> tuple[Spec, Settings, RunDirectory | None]:
    """The network and the settings of a new or resumed run, and its directory if any."""
    if resume is None:
        assert spec
        return spec, resolve_settings(spec.train, flags), None
    run = RunDirectory.open(resume)
    before, settings = run.read()
    if spec is not None and (what := different_part(before, spec)):
        raise UsageError(
            f"`{resume}` began with another network or `train:` section, {what}: omit "
            "SPEC to resume it, or omit `--resume` for a new run"
        )
    return before, resume_settings(settings, flags), run


def _launch(devices: int, settings: Settings) -> int:
    """Run this command in several processes, and return its exit code."""
    from archspec.training.distributed.launch import launch
    from archspec.training.tensorboard import require_tensorboard

    if settings.tensorboard:
        require_tensorboard()
    return launch(devices, settings.device, sys.argv[1:])


def _check_flags_of_one_process(flags: Mapping[str, object]) -> None:
    for name in ("strategy", "sync_bn"):
        if name in flags:
            flag = SETTINGS[name].flag
            stop(f"`{flag}` is for several processes: add `--devices N`", USAGE)


def _train(
    spec: Spec, settings: Settings, run: RunDirectory | None, how: _How
) -> TrainedRun:
    """Train a network, and explain the errors of torch that its user can fix."""
    from archspec.training.loop import train as train_network  # 1.7 s, for torch

    try:
        return train_network(spec, settings, resume=run, **asdict(how))
    except Exception as error:
        if is_out_of_memory(error):
            raise TrainingError(
                f"`{spec.name}` and a batch of {settings.batch_size} images do not fit "
                "into the memory of the device: use a smaller `--batch-size`, or cut it "
                "with `--accumulate`"
            ) from error
        if settings.compile and is_failed_compilation(error):
            raise TrainingError(
                f"torch cannot compile `{spec.name}` here "
                f"({str(error).strip().splitlines()[0]}): omit `--compile`"
            ) from error
        raise


def _print_outcome(trained: TrainedRun, *, quiet: bool) -> None:
    best = trained.best
    if not quiet:
        print("\n".join(epoch_table(trained.history)))
    if best.test_accuracy is not None and not quiet:
        print(f"test accuracy {best.test_accuracy:.4f} after epoch {best.epoch}")
    print(
        f"best accuracy {best.val_accuracy:.4f} after epoch {best.epoch}, "
        f"in {trained.directory.path}"
    )
    for warning in trained.warnings:
        print(f"warning: {warning}", file=sys.stderr)
