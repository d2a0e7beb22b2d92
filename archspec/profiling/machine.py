"""What a machine can do at best: arithmetic and traffic to its memory, as measured."""

from __future__ import annotations

from dataclasses import dataclass

import torch

from archspec.profiling.clock import LONG, seconds

SIDE = {"cpu": 2048}  # of the square matrices; enough to keep every core busy
SIDE_OF_ACCELERATORS = 8192
COPIED = 2**28  # bytes: more than the caches hold


@dataclass(frozen=True, slots=True)
class Machine:
    """The roof under which every layer runs."""

    name: str
    flops: float  # in a second
    bandwidth: float  # bytes in a second, read and written

    @property
    def ridge(self) -> float:
        """FLOPs for a byte, from which on arithmetic is what takes the time."""
        return self.flops / self.bandwidth

    def least_seconds(self, flops: int, bytes_: int) -> float:
        """What this takes at best."""
        return max(flops / self.flops, bytes_ / self.bandwidth)


def measure_machine(device: torch.device) -> Machine:
    """The best of several products of large matrices, and of several large copies."""
    side = SIDE.get(device.type, SIDE_OF_ACCELERATORS)
    a, b = torch.rand(2, side, side, device=device)
    product = torch.empty_like(a)
    flops = 2 * side**3 / seconds(lambda: torch.mm(a, b, out=product), device, LONG)
    source = torch.rand(COPIED // 4, device=device)
    target = torch.empty_like(source)
    bandwidth = 2 * COPIED / seconds(lambda: target.copy_(source), device, LONG)
    return Machine(_name(device), flops, bandwidth)


def _name(device: torch.device) -> str:
    if device.type == "cuda":
        return torch.cuda.get_device_name(device)
    if device.type == "cpu":
        count = torch.get_num_threads()
        return f"cpu, {count} thread{'s' if count > 1 else ''}"
    return device.type
