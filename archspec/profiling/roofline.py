"""The roofline of a machine: its measured peak arithmetic and memory bandwidth."""

from __future__ import annotations

from dataclasses import dataclass

import torch

from archspec.profiling.timing import LONG, best_time

SIDE = {"cpu": 2048}  # of the square matrices; large enough to use all cores
ACCELERATOR_SIDE = 8192
COPIED_BYTES = 2**28  # more than the caches hold


@dataclass(frozen=True, slots=True)
class Roofline:
    """The limits of a machine, as in Williams, Waterman & Patterson, 2009."""

    name: str
    flops: float  # per second
    bandwidth: float  # bytes per second, read and written

    @property
    def ridge(self) -> float:
        """The FLOPs per byte above which arithmetic is the limit, and not memory."""
        return self.flops / self.bandwidth

    def min_seconds(self, flops: int, bytes_: int) -> float:
        """The time that the machine needs at its peak."""
        return max(flops / self.flops, bytes_ / self.bandwidth)


def measure_roofline(device: torch.device) -> Roofline:
    """Time large matrix multiplications and large copies."""
    side = SIDE.get(device.type, ACCELERATOR_SIDE)
    a, b = torch.rand(2, side, side, device=device)
    product = torch.empty_like(a)
    flops = 2 * side**3 / best_time(lambda: torch.mm(a, b, out=product), device, LONG)
    source = torch.rand(COPIED_BYTES // 4, device=device)
    target = torch.empty_like(source)
    copied = 2 * COPIED_BYTES
    bandwidth = copied / best_time(lambda: target.copy_(source), device, LONG)
    return Roofline(_device_name(device), flops, bandwidth)


def _device_name(device: torch.device) -> str:
    if device.type == "cuda":
        return torch.cuda.get_device_name(device)
    if device.type == "cpu":
        count = torch.get_num_threads()
        return f"cpu, {count} thread{'s' if count > 1 else ''}"
    return device.type
