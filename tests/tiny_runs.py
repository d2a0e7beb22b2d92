"""A small network, runs of it that no training has made, and the command line."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import NamedTuple

import pytest

import archspec.cli.main
from archspec.runs.config import describe_run
from archspec.runs.directory import RunDirectory
from archspec.runs.history import EpochMetrics
from archspec.settings.settings import Settings
from archspec.spec import Spec

TINY = """\
archspec: 1
name: tiny
input: 1x8x8
params: {classes: 10, act: relu, widths: [8, 16]}
net:
  - conv(widths[0], k=3, p=1) | bn | act | maxpool(2)
  - conv(widths[1], k=3, p=1) | act | dropout(0.1) | flatten | linear(classes)
train:
  data: digits
  batch_size: 64
  epochs: 2
  optimizer: sgd(lr=0.05, momentum=0.9)
  schedule: cosine(warmup=0.5)
  augment: crop(padding=1) | hflip
  init: kaiming_normal
"""


class Outcome(NamedTuple):
    """How a command ended."""

    code: int
    out: str
    err: str


@pytest.fixture
def tiny(tmp_path: Path) -> Path:
    """The path of a spec that trains in a tenth of a second an epoch."""
    path = tmp_path / "tiny.yaml"
    path.write_text(TINY)
    return path


@pytest.fixture
def command(
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> Callable[..., Outcome]:
    """Run `archspec` with arguments, in an empty directory, in this process."""
    monkeypatch.chdir(tmp_path)

    def run(*arguments: object) -> Outcome:
        monkeypatch.setattr(sys, "argv", ["archspec", *map(str, arguments)])
        code = 0
        try:
            archspec.cli.main.main()
        except SystemExit as end:
            code = int(end.code or 0)
        return Outcome(code, *capsys.readouterr())

    return run


def create_run(spec: Spec, settings: Settings) -> RunDirectory:
    """The directory of a run that has not trained yet."""
    return RunDirectory.create(spec, settings.out, describe_run(spec, settings))


def epochs(accuracies: list[float], *, test: bool = True) -> list[EpochMetrics]:
    """Metrics with these validation accuracies."""
    return [
        EpochMetrics(
            epoch=number,
            train_loss=2.0 / number,
            train_accuracy=accuracy / 2,
            val_loss=3.0 / number,
            val_accuracy=accuracy,
            lr=0.1,
            images_per_second=100.0 * number,
            seconds=1.0,
            test_loss=4.0 / number if test else None,
            test_accuracy=accuracy - 0.1 if test else None,
        )
        for number, accuracy in enumerate(accuracies, 1)
    ]


def write_epochs(run: Path, history: list[EpochMetrics]) -> None:
    """Replace the metrics of a run."""
    lines = (json.dumps(asdict(metrics)) + "\n" for metrics in history)
    (run / "metrics.jsonl").write_text("".join(lines))
