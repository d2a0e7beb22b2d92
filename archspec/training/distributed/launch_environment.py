"""The environment variables by which `torchrun`, SLURM and `--devices` launch a process.

They are read without torch, which a command loads only after it has checked its flags.
"""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

from archspec.runs.errors import PeerError, TrainingError

LAUNCHED = "ARCHSPEC_LAUNCHED"  # set for the processes that `--devices` starts
PR_SET_PDEATHSIG = 1  # from <linux/prctl.h>


class LaunchEnvironment(NamedTuple):
    """The rank of a process among all processes of a run, and among those of its host."""

    rank: int
    world_size: int
    local_rank: int
    local_world_size: int


def read_launch_environment() -> LaunchEnvironment | None:
    """What `torchrun` or SLURM told this process, or None if it runs alone."""
    env = os.environ
    if "RANK" in env and "WORLD_SIZE" in env:
        names = ("RANK", "WORLD_SIZE", "LOCAL_RANK", "LOCAL_WORLD_SIZE")
        rank, size, local_rank, local_size = (int(env.get(n) or 0) for n in names)
        return LaunchEnvironment(rank, size, local_rank, max(1, local_size))
    tasks = int(env.get("SLURM_STEP_NUM_TASKS") or 1)
    if tasks > 1:
        nodes = int(env.get("SLURM_STEP_NUM_NODES") or 1)
        local_rank = int(env["SLURM_LOCALID"])
        return LaunchEnvironment(
            int(env["SLURM_PROCID"]), tasks, local_rank, tasks // nodes
        )
    return None


def is_launched_by_archspec() -> bool:
    """Whether `archspec train --devices` started this process, and reports for it."""
    return LAUNCHED in os.environ


def is_reporting_process() -> bool:
    """Whether this process prints the errors that all processes find before they connect."""
    return not is_launched_by_archspec() and _is_rank_zero()


@contextmanager
def raise_on_rank_zero() -> Iterator[None]:
    """Let rank 0 alone report an error that all processes find before they connect."""
    try:
        yield
    except TrainingError as error:
        if _is_rank_zero():
            raise
        raise PeerError(str(error)) from error


def _is_rank_zero() -> bool:
    launched = read_launch_environment()
    return launched is None or launched.rank == 0


def available_cores() -> int:
    """The cores that this process may use, which `taskset` and schedulers limit."""
    if sys.platform == "linux":
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def cores_per_process(cores: int, local_world_size: int) -> int:
    """The cores of a process: those that SLURM gives a task, or an equal share."""
    env = os.environ
    if "RANK" not in env and "SLURM_CPUS_PER_TASK" in env:
        return min(cores, int(env["SLURM_CPUS_PER_TASK"]))
    return max(1, cores // local_world_size)


def set_master_address() -> None:
    """Set MASTER_ADDR to the first host of a SLURM step; `torchrun` has set it.

    Raises:
        TrainingError: if SLURM does not list the hosts.
    """
    env = os.environ
    if "RANK" in env:
        return
    if "MASTER_ADDR" not in env:
        command = ["scontrol", "show", "hostnames", env["SLURM_STEP_NODELIST"]]
        try:
            hosts = subprocess.run(  # noqa: S603  # the list of hosts comes from SLURM
                command, check=True, capture_output=True, text=True
            )
        except (OSError, subprocess.CalledProcessError) as error:
            raise TrainingError(
                "`scontrol` does not list the hosts of the step: set MASTER_ADDR to the "
                "first of them"
            ) from error
        env["MASTER_ADDR"] = hosts.stdout.split()[0]
    # A port for each job, so that two jobs on one host do not connect.
    env.setdefault("MASTER_PORT", str(20_000 + int(env["SLURM_JOB_ID"]) % 20_000))


def terminate_with_parent(number: int = signal.SIGTERM) -> None:
    """Let Linux send a signal to this process when its parent dies, however it dies."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, number, 0, 0, 0)
