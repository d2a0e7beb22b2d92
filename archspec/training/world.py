"""The processes of a run: one alone, or several that take their shares of each step.

`torchrun` and SLURM tell a process its place by environment variables; gloo carries
what lies on a CPU between processes, NCCL what lies on a GPU.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TypeVar

import torch
from torch import Tensor
from torch import distributed as dist

from archspec.training.errors import PeerError, TrainingError

T = TypeVar("T")
LOST = ("Connection closed by peer", "Connection reset by peer", "gloo", "NCCL")


@dataclass(frozen=True, slots=True)
class World:
    """A process's place among those of a run."""

    device: torch.device = torch.device("cpu")  # noqa: RUF009  # it does not change
    rank: int = 0
    size: int = 1
    local_size: int = 1
    """The processes on this machine."""

    @property
    def is_main(self) -> bool:
        """Whether this process prints and writes."""
        return self.rank == 0

    def from_main(self, make: Callable[[], T]) -> T:
        """What the main process makes, or raises, for all."""
        made: list[T | None] = [None]
        with self.together():
            if self.is_main:
                made = [make()]
        if self.size > 1:
            dist.broadcast_object_list(made, src=0, device=torch.device("cpu"))
        return made[0]  # type: ignore[return-value]

    def gather(self, value: T) -> list[T]:
        """A value of each process, by rank."""
        values: list[T] = [value] * self.size
        if self.size > 1:
            dist.all_gather_object(values, value)
        return values

    def any(self, flags: Sequence[int]) -> list[int]:
        """The greatest of all processes' values, each on its own."""
        if self.size == 1:
            return [*flags]
        greatest = torch.tensor(flags)
        dist.all_reduce(greatest, dist.ReduceOp.MAX)
        found: list[int] = greatest.tolist()
        return found

    def sum(self, tensor: Tensor) -> Tensor:
        """The sum over all processes."""
        if self.size > 1:
            tensor = tensor.clone()
            dist.all_reduce(tensor)
        return tensor

    def share(self, tensors: Iterator[Tensor]) -> None:
        """Give all processes the main one's values."""
        if self.size > 1:
            for tensor in tensors:
                dist.broadcast(tensor, src=0)

    @contextmanager
    def main_first(self) -> Iterator[None]:
        """Let the main process go first, as to fetch files that the others then find."""
        if not self.is_main:
            self.gather(None)
        try:
            yield
        finally:
            if self.is_main:
                self.gather(None)

    @contextmanager
    def together(self) -> Iterator[None]:
        """Do something in each process; where one fails, all do, and one says why."""
        error: TrainingError | None = None
        try:
            yield
        except TrainingError as raised:
            error = raised
        if self.size > 1:
            found = self.gather(None if error is None else str(error))
            first = next((rank for rank, text in enumerate(found) if text), self.rank)
            if first != self.rank:
                raise PeerError(str(found[first])) from error
        if error is not None:
            raise error


@contextmanager
def join_world(device: torch.device) -> Iterator[World]:
    """The place that `torchrun` or SLURM has given this process; alone without them.

    Raises:
        TrainingError: if another process of the run has died.
    """
    place = _place()
    if place is None:
        yield World(device)
        return
    rank, size, local_rank, local_size = place
    if device.type == "cuda":
        # SLURM may let each task see its own GPU alone.
        device = torch.device("cuda", local_rank % torch.cuda.device_count())
        torch.cuda.set_device(device)
    backend = "cpu:gloo,cuda:nccl" if device.type == "cuda" else "gloo"
    dist.init_process_group(backend, rank=rank, world_size=size)
    world = World(device, rank, size, local_size)
    try:
        yield world
    except RuntimeError as error:
        if not isinstance(error, dist.DistError) and not any(
            words in str(error) for words in LOST
        ):
            raise
        kind = TrainingError if world.is_main else PeerError
        raise kind(
            "another process of the run has stopped: `archspec train --resume RUN` goes on "
            "from the last checkpoint"
        ) from error
    finally:
        dist.destroy_process_group()


def _place() -> tuple[int, int, int, int] | None:
    """Rank, processes, rank and processes on this machine; None: alone."""
    env = os.environ
    if "RANK" in env and "WORLD_SIZE" in env:
        names = ("RANK", "WORLD_SIZE", "LOCAL_RANK", "LOCAL_WORLD_SIZE")
        rank, size, local_rank, local_size = (int(env.get(n, "0")) for n in names)
        return rank, size, local_rank, max(1, local_size)
    if int(env.get("SLURM_STEP_NUM_TASKS", "1")) > 1:
        _find_slurm_main()
        tasks = int(env["SLURM_STEP_NUM_TASKS"])
        nodes = int(env.get("SLURM_STEP_NUM_NODES", "1"))
        return (
            int(env["SLURM_PROCID"]),
            tasks,
            int(env["SLURM_LOCALID"]),
            tasks // nodes,
        )
    return None


def _find_slurm_main() -> None:
    """Where the processes of a SLURM step meet: its first host."""
    env = os.environ
    if "MASTER_ADDR" not in env:
        hosts = subprocess.run(  # noqa: S603  # SLURM's own words
            ["scontrol", "show", "hostnames", env["SLURM_STEP_NODELIST"]],  # noqa: S607
            check=True,
            capture_output=True,
            text=True,
        ).stdout.split()
        env["MASTER_ADDR"] = hosts[0]
    # Two jobs on one host must not meet.
    env.setdefault("MASTER_PORT", str(20_000 + int(env["SLURM_JOB_ID"]) % 20_000))
