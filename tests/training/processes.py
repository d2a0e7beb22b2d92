"""Runs of several processes, each a fork of this one: they need not load torch again."""

from __future__ import annotations

import multiprocessing
import os
import socket
import sys
import traceback
from pathlib import Path
from typing import NamedTuple

import torch

import archspec.cli.main
import archspec.training.loop  # so that forks have it
import archspec.training.sharding


class Ended(NamedTuple):
    """How a process ended: negative for a signal."""

    code: int
    out: str
    err: str


class Processes:
    """The processes of a run, as `torchrun` would tell each of its place."""

    def __init__(self, size: int, *arguments: object, folder: Path) -> None:
        """Start them in a folder."""
        context = multiprocessing.get_context("fork")
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
            process = context.Process(
                target=_main, args=([*map(str, arguments)], environment, folder, rank)
            )
            process.start()
            self.processes.append(process)

    def end(self) -> list[Ended]:
        """Wait for all of them, by rank."""
        ended = []
        for rank, process in enumerate(self.processes):
            process.join(60)
            assert process.exitcode is not None, f"process {rank} hangs"
            texts = [(self.folder / f"{rank}.{n}").read_text() for n in ("out", "err")]
            ended.append(Ended(process.exitcode, *texts))
        return ended


def free_port() -> int:
    """A port that nobody listens at."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
        return port


def _main(
    arguments: list[str], environment: dict[str, str], folder: Path, rank: int
) -> None:
    """The command line in a fork."""
    os.chdir(folder)
    os.environ.update(environment)
    for stream, name in ((sys.__stdout__, "out"), (sys.__stderr__, "err")):
        assert stream
        file = os.open(folder / f"{rank}.{name}", os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        os.dup2(file, 1 if name == "out" else 2)
    sys.stdout, sys.stderr = os.fdopen(1, "w"), os.fdopen(2, "w")
    sys.argv = ["archspec", *arguments]
    torch.set_num_threads(1)
    code = 0
    try:
        archspec.cli.main.main()
    except SystemExit as end:
        code = int(end.code or 0)
    except BaseException:
        traceback.print_exc()
        code = 70
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)
