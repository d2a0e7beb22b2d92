"""`archspec train`: a spec to a trained network and a run directory."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import typer

from archspec.spec import Spec
from archspec.training.errors import Stopped, TrainingError
from archspec.training.settings import (
    DataName,
    Device,
    Precision,
    resolve_settings,
    resume_settings,
)
from archspec.training.threads import sleep_when_idle

from .options import USAGE, InputOption, SetOption, VariantOption, load_spec, stop

SIGNALLED = 128  # exit codes: this and the number of the signal


def train(
    spec: Annotated[
        str | None,
        typer.Argument(
            metavar="SPEC",
            help="A spec file, or a bundled spec's name; not needed with `--resume`.",
            show_default=False,
        ),
    ] = None,
    data: Annotated[DataName | None, typer.Option(help="The data set.")] = None,
    data_root: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR",
            help="The folder of the data sets; else $ARCHSPEC_DATA, else the user's cache.",
        ),
    ] = None,
    download: Annotated[
        bool, typer.Option("--download", help="Fetch the data set if it is not there.")
    ] = False,
    epochs: Annotated[
        int | None, typer.Option(min=1, help="Passes over the training images.")
    ] = None,
    batch_size: Annotated[
        int | None, typer.Option(min=1, help="Images in a step.")
    ] = None,
    lr: Annotated[
        float | None, typer.Option(help="The learning rate to start from.")
    ] = None,
    device: Annotated[Device | None, typer.Option(help="What computes.")] = None,
    precision: Annotated[
        Precision | None, typer.Option(help="Of convolutions and products.")
    ] = None,
    seed: Annotated[
        int | None, typer.Option(min=0, help="Where the random numbers start.")
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Where the run directory is made."),
    ] = None,
    resume: Annotated[
        Path | None,
        typer.Option(
            metavar="RUN", help="Go on with a run, behind its last whole epoch."
        ),
    ] = None,
    settings: SetOption = None,
    input_: InputOption = None,
    variant: VariantOption = None,
) -> None:
    """Train a network; its flags come before the spec's `train:` section."""
    flags = {
        "data": data,
        "data_root": data_root,
        "epochs": epochs,
        "batch_size": batch_size,
        "lr": lr,
        "device": device,
        "precision": precision,
        "seed": seed,
        "out": out,
    }
    given: Spec | None = None
    if spec is not None:
        given = load_spec(spec, settings, input_, variant)
    elif resume is None or settings or input_ or variant:
        stop("name a SPEC to train; `archspec list` shows the bundled ones", USAGE)
    try:
        _run(given, flags, resume, download=download)
    except Stopped as stopped:
        print(stopped, file=sys.stderr)
        raise typer.Exit(SIGNALLED + stopped.signal) from None


def _run(
    spec: Spec | None,
    flags: Mapping[str, object],
    resume: Path | None,
    *,
    download: bool,
) -> None:
    new = resolve_settings(spec.train, flags) if spec and resume is None else None
    sleep_when_idle()
    import torch  # 1.7 s, and a wrong flag is told before

    from archspec.training.loop import train as train_network
    from archspec.training.run_directory import RunDirectory, is_same_network

    run = None
    if spec is None or new is None:
        assert resume
        run = RunDirectory.open(resume)
        before, began_with = run.read()
        if spec is not None and not is_same_network(spec, before):
            raise TrainingError(
                f"`{resume}` began with another spec or other params: leave SPEC out to go on "
                "with it, or leave `--resume` out for a new run"
            )
        spec, new = before, resume_settings(began_with, flags)
    try:
        trained = train_network(spec, new, resume=run, download=download)
    except torch.OutOfMemoryError as error:
        raise TrainingError(
            f"`{spec.name}` and a batch of {new.batch_size} images do not fit into the memory of "
            "the device: use a smaller `--batch-size`"
        ) from error
    print(
        f"best accuracy {trained.best.val_accuracy:.4f} after epoch {trained.best.epoch}, "
        f"in {trained.directory.path}"
    )
