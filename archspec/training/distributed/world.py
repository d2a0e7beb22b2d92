"""The process group of a run, and the collective operations on it.

Gloo carries the tensors and objects of CPUs, and NCCL the tensors of GPUs. A run of one
process has a world too, whose operations return their argument.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TypeVar

import torch
from torch import Tensor
from torch import distributed as dist

from archspec.runs.errors import PeerError, TrainingError, short_message
from archspec.runs.torch_error_wordings import is_lost_peer
from archspec.training.distributed.launch_environment import (
    LaunchEnvironment,
    is_launched_by_archspec,
    read_launch_environment,
    set_master_address,
)

T = TypeVar("T")
GPU_BACKEND = "cpu:gloo,cuda:nccl"  # Gloo for objects, NCCL for weights and gradients

# References to the process groups of this process. In torch 2.11, a run never ends if DDP
# drops the last one: it waits for a thread of Gloo, and holds the lock of the interpreter
# (GIL), which that thread needs to free a tensor.
_GROUPS: list[object] = []


@dataclass(frozen=True, slots=True)
class World:
    """A process among the processes of a run."""

    device: torch.device = torch.device("cpu")  # noqa: RUF009  # it is immutable
    rank: int = 0
    size: int = 1
    local_rank: int = 0
    local_size: int = 1
    """The rank among the processes of this host, and their number."""

    @property
    def is_main(self) -> bool:
        """Whether this process has rank 0, which prints and writes."""
        return self.rank == 0

    def error(self, message: str) -> TrainingError:
        """An error that all processes raise and only the main process reports."""
        return (TrainingError if self.is_main else PeerError)(message)

    def broadcast(self, make: Callable[[], T]) -> T:
        """Call a function in the main process; return or raise its outcome in all."""
        made: list[T | None] = [None]
        with self.raise_together():
            if self.is_main:
                made = [make()]
        if self.size > 1:
            dist.broadcast_object_list(made, src=0, device=torch.device("cpu"))
        return made[0]  # type: ignore[return-value]

    def broadcast_tensors(self, tensors: Iterator[Tensor]) -> None:
        """Overwrite tensors with those of the main process."""
        if self.size > 1:
            for tensor in tensors:
                dist.broadcast(tensor, src=0)

    def all_gather(self, value: T) -> list[T]:
        """The values of all processes, by rank."""
        values: list[T] = [value] * self.size
        if self.size > 1:
            dist.all_gather_object(values, value)
        return values

    def all_reduce_max(self, values: Sequence[int]) -> list[int]:
        """The elementwise maximum over all processes."""
        if self.size == 1:
            return [*values]
        reduced = torch.tensor(values)
        dist.all_reduce(reduced, dist.ReduceOp.MAX)
        maxima: list[int] = reduced.tolist()
        return maxima

    def all_reduce_sum(self, tensor: Tensor) -> Tensor:
        """The sum over all processes."""
        if self.size > 1:
            tensor = tensor.clone()
            dist.all_reduce(tensor)
        return tensor

    @contextmanager
    def local_rank_zero_first(self) -> Iterator[None]:
        """Let one process of each host download files that the others then find."""
        if self.local_rank:
            self.all_gather(None)
        try:
            yield
        finally:
            if not self.local_rank:
                self.all_gather(None)

    def check_equal(self, value: object, what: str) -> None:
        """Check that all processes have found the same value.

        Raises:
            TrainingError: if they have not, with two values that differ.
        """
        values = self.all_gather(value)
        for rank, other in enumerate(values):
            if other != values[0]:
                raise self.error(
                    f"process 0 has {what} {values[0]}, and process {rank} {other}: all "
                    "machines need the same files"
                )

    @contextmanager
    def raise_together(self) -> Iterator[None]:
        """If one process raises an error, raise it in all; the first rank reports it."""
        error: TrainingError | None = None
        try:
            yield
        except TrainingError as raised:
            error = raised
        if self.size > 1:
            found = self.all_gather(None if error is None else str(error))
            first = next((rank for rank, text in enumerate(found) if text), self.rank)
            if first != self.rank:
                raise PeerError(str(found[first])) from error
        if error is not None:
            raise error


@contextmanager
def init_world(device: torch.device) -> Iterator[World]:
    """Connect the processes that `torchrun` or SLURM started, if any.

    Raises:
        TrainingError: if they cannot connect, or one of them stops.
    """
    launched = read_launch_environment()
    if launched is None:
        yield World(device)
        return
    world = World(_local_device(launched, device), *launched)
    _init_process_group(world)
    _GROUPS.append(dist.group.WORLD)
    try:
        yield world
    except RuntimeError as error:
        if not isinstance(error, dist.DistError) and not is_lost_peer(error):
            raise
        # The reason of NCCL may be another one: two processes share a GPU, or a host
        # cannot be reached.
        why = f" ({short_message(error)})" if world.device.type == "cuda" else ""
        message = (
            f"another process of the run has stopped{why}: `archspec train --resume RUN` "
            "continues from the last checkpoint"
        )
        # `--devices` knows more: it reports which signal killed a process.
        raise (
            PeerError(message) if is_launched_by_archspec() else world.error(message)
        ) from error
    finally:
        dist.destroy_process_group()


def _local_device(launched: LaunchEnvironment, device: torch.device) -> torch.device:
    """The GPU of a process; under SLURM each process may see only its own."""
    if device.type == "mps":
        raise TrainingError(
            "several processes cannot share an `mps` device: use `--device cpu`"
        )
    if device.type != "cuda":
        return device
    count = torch.cuda.device_count()
    if count > 1 and launched.local_rank >= count:
        raise TrainingError(
            f"{launched.local_world_size} processes share {count} GPUs: start as many"
        )
    device = torch.device("cuda", launched.local_rank % count)
    torch.cuda.set_device(device)
    return device


def _init_process_group(world: World) -> None:
    set_master_address()
    backend = GPU_BACKEND if world.device.type == "cuda" else "gloo"
    try:
        dist.init_process_group(backend, rank=world.rank, world_size=world.size)
    except (ValueError, RuntimeError) as error:
        raise TrainingError(
            f"cannot meet the other processes of the run ({short_message(error)}): "
            "`torchrun` and `srun` say where they meet by MASTER_ADDR and MASTER_PORT"
        ) from error
