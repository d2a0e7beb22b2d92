"""Processes of one run or of any code, which need not load torch again each time."""

from __future__ import annotations

import multiprocessing
import runpy
import socket
import subprocess
from pathlib import Path
from typing import NamedTuple

MAIN = str(Path(__file__).with_name("process_main.py"))
PRELOADED = [
    "archspec.cli.main",
    "archspec.training.data.augmentation",
    "archspec.training.data.image_folder",
    "archspec.training.data.streaming_loader",
    "archspec.training.distributed.launch",
    "archspec.training.loop",
    "archspec.training.distributed.fsdp",
    "matplotlib.backends.backend_agg",
    "matplotlib.backends.backend_svg",
    "matplotlib.figure",
    "sklearn.datasets",
]


STARTED: list[multiprocessing.process.BaseProcess] = []  # by the test that runs

# Code for `before`: what comes in the middle of training, in which step, and how.
AT_STEP = """
import os
from archspec.training.train_state import TrainState
update, steps = TrainState.update, []
def updated(*arguments):
    steps.append(0)
    if len(steps) == {step}:
        os.kill(os.getpid(), {signal})
    return update(*arguments)
TrainState.update = updated
"""


def at_step(step: int, signal: int) -> str:
    """A signal that a process sends itself in a step, counted from 1 over all epochs."""
    return AT_STEP.format(step=step, signal=int(signal))


class Ended(NamedTuple):
    """How a process ended: negative for a signal."""

    code: int
    out: str
    err: str


class Processes:
    """The processes of a run, as `torchrun` would tell each of its place."""

    def __init__(
        self,
        size: int,
        *arguments: object,
        folder: Path,
        before: str = "",
    ) -> None:
        """Start them in a folder.

        Each runs the code `before`, then `archspec` with the arguments if there are
        any. One process alone is told no place.
        """
        context = multiprocessing.get_context("forkserver")
        context.set_forkserver_preload(PRELOADED)
        port = free_port()
        self.folder = folder
        self.processes = []
        for rank in range(size):
            environment = {
                "MASTER_ADDR": "127.0.0.1",
                "MASTER_PORT": str(port),
                "RANK": str(rank),
                "WORLD_SIZE": str(size),
                "LOCAL_RANK": str(rank),
                "LOCAL_WORLD_SIZE": str(size),
            }
            given = {
                "arguments": [*map(str, arguments)],
                "environment": environment if size > 1 else {},
                "folder": str(folder),
                "rank": rank,
                "before": before,
            }
            process = context.Process(
                target=runpy.run_path, args=(MAIN, given, "__main__")
            )
            process.start()
            self.processes.append(process)
            STARTED.append(process)

    def end(self) -> list[Ended]:
        """Wait for all of them, by rank."""
        ended = []
        for rank, process in enumerate(self.processes):
            process.join(300)  # a busy machine may need minutes
            assert process.exitcode is not None, f"process {rank} hangs"
            texts = [(self.folder / f"{rank}.{n}").read_text() for n in ("out", "err")]
            ended.append(Ended(process.exitcode, *texts))
        return ended


def train(size: int, *arguments: object, folder: Path, before: str = "") -> list[Ended]:
    """Train with so many processes, which succeed."""
    run = Processes(size, "train", *arguments, folder=folder, before=before)
    ended = run.end()
    assert [(each.code, each.err) for each in ended] == [(0, "")] * size, ended
    return ended


def children(pid: int | None) -> list[int]:
    """The processes that a process has started, in their order."""
    found = subprocess.run(
        ["ps", "-o", "pid=", "--ppid", str(pid)],
        capture_output=True,
        text=True,
        check=True,
    )
    return sorted(int(each) for each in found.stdout.split() if int(each) != pid)


def is_running(pid: int) -> bool:
    """Whether there is a process that is no zombie."""
    state = subprocess.run(
        ["ps", "-o", "stat=", "-p", str(pid)],
        capture_output=True,
        text=True,
        check=False,
    ).stdout
    return bool(state) and not state.startswith("Z")


def free_port() -> int:
    """A port that nobody listens at."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
        return port
