"""A small network, and the command line as a function."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
import torch

import archspec.cli.main

from .processes import STARTED

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


@pytest.fixture(autouse=True)
def _one_thread(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Threads cost these small networks more than they bring, most on a busy machine."""
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(autouse=True)
def _no_process_left() -> Iterator[None]:
    """A test that fails leaves no run behind that goes on."""
    yield
    for process in STARTED:
        process.kill()
    STARTED.clear()


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
