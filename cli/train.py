"""`archspec train`: train a network and write a run directory."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import typer

from archspec.runs.errors import Stopped, TrainingError
from archspec.runs.settings import (
    DataName,
    Device,
    Precision,
    Strategy,
    resolve_settings,
    resume_settings,
)
from archspec.runs.torch_errors import is_failed_compilation, is_out_of_memory
from archspec.spec import Spec
from archspec.training.cpu_runtime import configure_cpu_runtime
from archspec.training.distributed.launch_environment import (
    is_launched_by_archspec,
    raise_on_rank_zero,
    read_launch_environment,
    terminate_with_parent,
)

from .epochs import epoch_table
from .options import (
    USAGE,
    FreezeOption,
    InputOption,
    RenameOption,
    SetOption,
    VariantOption,
    WeightsOption,
    load_spec,
    stop,
)

SIGNALED = 128  # plus the number of the signal is the exit code, as of a shell
RECIPES, RUN, MACHINE = "The `train:` section", "The run", "The machine"


def train(
    spec: Annotated[
        str | None,
        typer.Argument(
            metavar="SPEC",
            help="A spec file, or a bundled spec's name; not needed with `--resume`.",
            show_default=False,
        ),
    ] = None,
    data: Annotated[
        DataName | None, typer.Option(help="The data set.", rich_help_panel=RECIPES)
    ] = None,
    epochs: Annotated[
        int | None,
        typer.Option(
            min=1, help="Passes over the training images.", rich_help_panel=RECIPES
        ),
    ] = None,
    batch_size: Annotated[
        int | None,
        typer.Option(
            min=1,
            help="Images in a step, over all processes.",
            rich_help_panel=RECIPES,
        ),
    ] = None,
    lr: Annotated[
        float | None,
        typer.Option(help="The learning rate to start from.", rich_help_panel=RECIPES),
    ] = None,
    optimizer: Annotated[
        str | None,
        typer.Option(metavar="CALL", help="As `sgd(lr=0.1)`.", rich_help_panel=RECIPES),
    ] = None,
    schedule: Annotated[
        str | None,
        typer.Option(
            metavar="CALL", help="As `cosine(warmup=1)`.", rich_help_panel=RECIPES
        ),
    ] = None,
    augment: Annotated[
        str | None,
        typer.Option(
            metavar="CALLS",
            help="As `crop(28, padding=4) | hflip`; `identity` for none.",
            rich_help_panel=RECIPES,
        ),
    ] = None,
    init: Annotated[
        str | None,
        typer.Option(
            metavar="CALL", help="As `kaiming_normal`.", rich_help_panel=RECIPES
        ),
    ] = None,
    loss: Annotated[
        str | None,
        typer.Option(
            metavar="CALL",
            help="As `cross_entropy(label_smoothing=0.1)`.",
            rich_help_panel=RECIPES,
        ),
    ] = None,
    accumulate: Annotated[
        int | None,
        typer.Option(
            min=1,
            help="Parts of a step, one after the other: less memory.",
            rich_help_panel=RECIPES,
        ),
    ] = None,
    clip: Annotated[
        float | None,
        typer.Option(
            help="The longest gradient that a step may follow.",
            rich_help_panel=RECIPES,
        ),
    ] = None,
    ema: Annotated[
        float | None,
        typer.Option(
            help="Average the weights, keeping this share of the average in a step.",
            rich_help_panel=RECIPES,
        ),
    ] = None,
    weights: WeightsOption = None,
    rename: RenameOption = None,
    freeze: FreezeOption = None,
    seed: Annotated[
        int | None,
        typer.Option(
            min=0, help="Where the random numbers start.", rich_help_panel=RECIPES
        ),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR",
            help="Where the run directory is made.",
            rich_help_panel=RUN,
        ),
    ] = None,
    resume: Annotated[
        Path | None,
        typer.Option(
            metavar="RUN",
            help="Go on with a run, from its last checkpoint.",
            rich_help_panel=RUN,
        ),
    ] = None,
    tensorboard: Annotated[
        bool | None,
        typer.Option(
            "--tensorboard",
            help="Write a log for TensorBoard too.",
            rich_help_panel=RUN,
        ),
    ] = None,
    data_root: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR",
            help="The folder of the data sets; else $ARCHSPEC_DATA, else the user's cache.",
            rich_help_panel=MACHINE,
        ),
    ] = None,
    download: Annotated[
        bool,
        typer.Option(
            "--download",
            help="Fetch the data set if it is not there.",
            rich_help_panel=MACHINE,
        ),
    ] = False,
    device: Annotated[
        Device | None, typer.Option(help="What computes.", rich_help_panel=MACHINE)
    ] = None,
    devices: Annotated[
        int | None,
        typer.Option(
            min=1,
            help="How many compute: as many processes share each step.",
            rich_help_panel=MACHINE,
        ),
    ] = None,
    strategy: Annotated[
        Strategy | None,
        typer.Option(
            help="How processes share the network: copies, or parts.",
            rich_help_panel=MACHINE,
        ),
    ] = None,
    precision: Annotated[
        Precision | None,
        typer.Option(help="Of convolutions and products.", rich_help_panel=MACHINE),
    ] = None,
    sync_bn: Annotated[
        bool | None,
        typer.Option(
            "--sync-bn",
            help="Batch norm over the images of all processes.",
            rich_help_panel=MACHINE,
        ),
    ] = None,
    compile_: Annotated[
        bool | None,
        typer.Option(
            "--compile",
            help="Let torch compile the network: a minute or two.",
            rich_help_panel=MACHINE,
        ),
    ] = None,
    settings: SetOption = None,
    input_: InputOption = None,
    variant: VariantOption = None,
) -> None:
    """Train a network; its flags come before the spec's `train:` section."""
    flags = {
        "data": data,
        "epochs": epochs,
        "batch_size": batch_size,
        "lr": lr,
        "accumulate": accumulate,
        "clip": clip,
        "ema": ema,
        "weights": weights,
        "rename": tuple(rename) if rename else None,
        "freeze": tuple(freeze) if freeze else None,
        "seed": seed,
        "out": out,
        "tensorboard": tensorboard,
        "data_root": data_root,
        "device": device,
        "strategy": strategy,
        "precision": precision,
        "sync_bn": sync_bn,
        "compile": compile_,
    }
    calls = {
        "optimizer": optimizer,
        "schedule": schedule,
        "augment": augment,
        "init": init,
        "loss": loss,
    }
    texts = {name: text for name, text in calls.items() if text is not None}
    if rename and weights is None:
        stop("`--rename` is about the names in a file: add `--weights FILE`", USAGE)
    if resume and texts:
        stop(
            f"a run that goes on keeps its `--{next(iter(texts))}`: leave it out", USAGE
        )
    given: Spec | None = None
    if spec is not None:
        given = load_spec(spec, settings, input_, variant, texts)
    elif resume is None or settings or input_ or variant:
        stop("name a SPEC to train; `archspec list` shows the bundled ones", USAGE)
    try:
        _run(given, flags, resume, devices, download=download)
    except Stopped as stopped:
        if str(stopped):
            print(stopped, file=sys.stderr)
        raise typer.Exit(SIGNALED + stopped.signal) from None


def _run(
    spec: Spec | None,
    flags: Mapping[str, object],
    resume: Path | None,
    devices: int | None,
    *,
    download: bool,
) -> None:
    with raise_on_rank_zero():
        settings = resolve_settings(spec.train, flags) if spec and not resume else None
    configure_cpu_runtime()
    if is_launched_by_archspec():
        terminate_with_parent()
    from archspec.runs.config import is_same_network
    from archspec.runs.directory import RunDirectory
    from archspec.training.distributed.launch import launch
    from archspec.training.loop import train as train_network  # 1.7 s, of torch
    from archspec.training.tensorboard import require_tensorboard

    run = None
    if spec is None or settings is None:
        assert resume
        with raise_on_rank_zero():
            run = RunDirectory.open(resume)
            original, original_settings = run.read()
            if spec is not None and not is_same_network(spec, original):
                raise TrainingError(
                    f"`{resume}` began with another spec or other params: leave SPEC out to "
                    "go on with it, or leave `--resume` out for a new run"
                )
            spec, settings = original, resume_settings(original_settings, flags)
    launched = read_launch_environment()
    if launched and devices not in (None, launched.local_world_size):
        stop(
            f"`--devices {devices}` is said to {launched.local_world_size} processes that something "
            "else has started here: leave it out",
            USAGE,
        )
    if launched is None and devices and devices > 1:
        if settings.tensorboard:
            require_tensorboard()
        raise typer.Exit(launch(devices, settings.device, sys.argv[1:]))
    for name in ("strategy", "sync_bn"):
        if launched is None and flags[name] is not None:
            flag = f"--{name.replace('_', '-')}"
            stop(f"`{flag}` is for several processes: add `--devices N`", USAGE)
    try:
        trained = train_network(spec, settings, resume=run, download=download)
    except Exception as error:
        if is_out_of_memory(error):
            raise TrainingError(
                f"`{spec.name}` and a batch of {settings.batch_size} images do not fit into the "
                "memory of the device: use a smaller `--batch-size`, or cut it with "
                "`--accumulate`"
            ) from error
        if settings.compile and is_failed_compilation(error):
            raise TrainingError(
                f"torch cannot compile `{spec.name}` here "
                f"({str(error).strip().splitlines()[0]}): leave `--compile` out"
            ) from error
        raise
    if trained.is_main:
        print("\n".join(epoch_table(trained.history)))
        if trained.best.test_accuracy is not None:
            print(
                f"test accuracy {trained.best.test_accuracy:.4f} after epoch {trained.best.epoch}"
            )
        print(
            f"best accuracy {trained.best.val_accuracy:.4f} after epoch {trained.best.epoch}, "
            f"in {trained.directory.path}"
        )
