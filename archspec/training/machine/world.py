"""The processes of a run: one alone, or several that take their shares of each step.

gloo carries what lies on a CPU between processes, NCCL what lies on a GPU.
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
from archspec.runs.torch_errors import is_lost_peer
from archspec.training.machine.place import (
    Place,
    find_meeting_place,
    find_place,
    is_launched,
)

T = TypeVar("T")
GPU_BACKEND = "cpu:gloo,cuda:nccl"  # for objects, and for weights and gradients


@dataclass(frozen=True, slots=True)
class World:
    """A process's place among those of a run."""

    device: torch.device = torch.device("cpu")  # noqa: RUF009  # it does not change
    rank: int = 0
    size: int = 1
    local_rank: int = 0
    local_size: int = 1
    """The place among the processes on this machine, and their number."""

    @property
    def is_main(self) -> bool:
        """Whether this process prints and writes."""
        return self.rank == 0

    def failure(self, message: str) -> TrainingError:
        """What all processes fail at, for the main one to say."""
        return (TrainingError if self.is_main else PeerError)(message)

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
    def one_first(self) -> Iterator[None]:
        """Let one process of each machine fetch files that the others then find."""
        if self.local_rank:
            self.gather(None)
        try:
            yield
        finally:
            if not self.local_rank:
                self.gather(None)

    def check_same(self, value: object, what: str) -> None:
        """Refuse to go on where processes have found different things.

        Raises:
            TrainingError: with the two that differ.
        """
        values = self.gather(value)
        for rank, other in enumerate(values):
            if other != values[0]:
                raise self.failure(
                    f"process 0 has {what} {values[0]}, and process {rank} {other}: all "
                    "machines need the same files"
                )

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
        TrainingError: if the others cannot be met, or one of them has died.
    """
    place = find_place()
    if place is None:
        yield World(device)
        return
    world = World(_device_of(place, device), *place)
    _meet(world)
    try:
        yield world
    except RuntimeError as error:
        if not isinstance(error, dist.DistError) and not is_lost_peer(error):
            raise
        # NCCL says what may be another fault: a GPU that two share, a host out of reach.
        why = f" ({short_message(error)})" if world.device.type == "cuda" else ""
        message = (
            f"another process of the run has stopped{why}: `archspec train --resume RUN` "
            "goes on from the last checkpoint"
        )
        # Who has started the processes knows more.
        raise (
            PeerError(message) if is_launched() else world.failure(message)
        ) from error
    finally:
        dist.destroy_process_group()


def _device_of(place: Place, device: torch.device) -> torch.device:
    """The GPU of a process; SLURM may let each see its own alone."""
    if device.type == "mps":
        raise TrainingError(
            "several processes cannot share an `mps` device: use `--device cpu`"
        )
    if device.type != "cuda":
        return device
    count = torch.cuda.device_count()
    if count > 1 and place.local_rank >= count:
        raise TrainingError(
            f"there are {count} GPUs here for {place.local_size} processes: start as many"
        )
    device = torch.device("cuda", place.local_rank % count)
    torch.cuda.set_device(device)
    return device


def _meet(world: World) -> None:
    """Find the other processes."""
    find_meeting_place()
    backend = GPU_BACKEND if world.device.type == "cuda" else "gloo"
    try:
        dist.init_process_group(backend, rank=world.rank, world_size=world.size)
    except (ValueError, RuntimeError) as error:
        raise TrainingError(
            f"cannot meet the other processes of the run ({short_message(error)}): `torchrun` and "
            "`srun` say where they meet by MASTER_ADDR and MASTER_PORT"
        ) from error
