"""What `torchrun`, SLURM and `--devices` tell a process of its place in a run.

They do so by environment variables; torch is not needed to read them.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

from archspec.runs.errors import PeerError, TrainingError

LAUNCHED = "ARCHSPEC_LAUNCHED"  # set where `--devices` has started the processes


class Place(NamedTuple):
    """Of a process among those of a run."""

    rank: int
    size: int
    local_rank: int
    local_size: int


def find_place() -> Place | None:
    """What `torchrun` or SLURM has told this process; None: it is alone."""
    env = os.environ
    if "RANK" in env and "WORLD_SIZE" in env:
        names = ("RANK", "WORLD_SIZE", "LOCAL_RANK", "LOCAL_WORLD_SIZE")
        rank, size, local_rank, local_size = (int(env.get(n) or 0) for n in names)
        return Place(rank, size, local_rank, max(1, local_size))
    tasks = int(env.get("SLURM_STEP_NUM_TASKS") or 1)
    if tasks > 1:
        nodes = int(env.get("SLURM_STEP_NUM_NODES") or 1)
        local = int(env["SLURM_LOCALID"])
        return Place(int(env["SLURM_PROCID"]), tasks, local, tasks // nodes)
    return None


def is_launched() -> bool:
    """Whether a process of ours has started this one, and speaks for it."""
    return LAUNCHED in os.environ


def speaks() -> bool:
    """Whether this process is the one to say what all find out."""
    return not is_launched() and _is_first()


def _is_first() -> bool:
    place = find_place()
    return place is None or place.rank == 0


def own_share(cores: int, local_size: int) -> int:
    """Of a machine's cores, those of a process: what SLURM gives a task, or a part."""
    env = os.environ
    if "RANK" not in env and "SLURM_CPUS_PER_TASK" in env:
        return min(cores, int(env["SLURM_CPUS_PER_TASK"]))
    return max(1, cores // local_size)


@contextmanager
def said_once() -> Iterator[None]:
    """What all processes find out before they meet, the first says alone."""
    try:
        yield
    except TrainingError as error:
        if _is_first():
            raise
        raise PeerError(str(error)) from error


def find_meeting_place() -> None:
    """Name the first host of a SLURM step; `torchrun` has named one.

    Raises:
        TrainingError: if SLURM does not say.
    """
    env = os.environ
    if "RANK" in env:
        return
    if "MASTER_ADDR" not in env:
        command = ["scontrol", "show", "hostnames", env["SLURM_STEP_NODELIST"]]
        try:
            hosts = subprocess.run(  # noqa: S603  # SLURM's own words
                command, check=True, capture_output=True, text=True
            )
        except (OSError, subprocess.CalledProcessError) as error:
            raise TrainingError(
                "`scontrol` does not say which hosts the step has: set MASTER_ADDR to the "
                "first of them"
            ) from error
        env["MASTER_ADDR"] = hosts.stdout.split()[0]
    # Two jobs on one host must not meet.
    env.setdefault("MASTER_PORT", str(20_000 + int(env["SLURM_JOB_ID"]) % 20_000))
