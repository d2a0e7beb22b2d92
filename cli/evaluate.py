"""`archspec evaluate`: how good a run's best checkpoint is."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from archspec.training.settings import Device
from archspec.training.threads import sleep_when_idle


def evaluate(
    run: Annotated[
        Path,
        typer.Argument(metavar="RUN", help="A run directory, such as `runs/lenet-1`."),
    ],
    data_root: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR", help="The folder of the data sets, if it has moved."
        ),
    ] = None,
    device: Annotated[Device, typer.Option(help="What computes.")] = "auto",
) -> None:
    """Measure a run's best checkpoint on the test images."""
    sleep_when_idle()
    from archspec.training.evaluate import evaluate_run  # loads torch

    totals = evaluate_run(run, data_root=data_root, device=device)
    print(
        f"test accuracy {totals.accuracy:.4f} ({totals.correct:,} of {totals.images:,}), "
        f"loss {totals.mean_loss:.4f}"
    )
