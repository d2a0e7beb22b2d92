"""Save and restore the random number generators of a process."""

from __future__ import annotations

from typing import Any

import torch


def random_state(device: torch.device) -> dict[str, Any]:
    """The states of the generators of the CPU and of a device."""
    states: dict[str, Any] = {"cpu": torch.get_rng_state()}
    if device.type == "cuda":
        states["cuda"] = torch.cuda.get_rng_state(device)
    if device.type == "mps":
        states["mps"] = torch.mps.get_rng_state()
    return states


def restore_random_state(states: dict[str, Any], device: torch.device) -> None:
    """Reverse `random_state`; a device of another type keeps its state."""
    torch.set_rng_state(states["cpu"])
    if "cuda" in states and device.type == "cuda":
        torch.cuda.set_rng_state(states["cuda"], device)
    if "mps" in states and device.type == "mps":
        torch.mps.set_rng_state(states["mps"])
