"""Where a run computes, and in which precision."""

from __future__ import annotations

from dataclasses import replace

import torch

from archspec.training.errors import TrainingError
from archspec.training.settings import Device, Precision, Settings
from archspec.training.world import World

# What convolutions and products compute in; the weights stay in 32 bits.
DTYPES = {"32": torch.float32, "bf16": torch.bfloat16, "16": torch.float16}


def settle_device(settings: Settings) -> Settings:
    """The settings with a device and a precision in the place of each `auto`.

    Raises:
        TrainingError: if the device is not there.
    """
    available: dict[Device, bool] = {
        "cuda": torch.cuda.is_available(),
        "mps": torch.backends.mps.is_available(),
        "cpu": True,
    }
    device = settings.device
    if device == "auto":
        device = next(name for name, is_there in available.items() if is_there)
    if not available[device]:
        names = " or ".join(
            f"`{name}`" for name, is_there in available.items() if is_there
        )
        raise TrainingError(
            f"there is no `{device}` device here: leave `--device` out, or use {names}"
        )
    precision = settings.precision
    if precision == "auto":
        precision = _best_precision(device)
    strategy = "ddp" if settings.strategy == "auto" else settings.strategy
    return replace(settings, device=device, precision=precision, strategy=strategy)


def describe_world(settings: Settings, world: World) -> str:
    """Where a run computes, in a few words."""
    words = f"{settings.device}, precision {settings.precision}"
    if world.size == 1:
        return words
    return f"{world.size} processes ({settings.strategy}), {words}"


def _best_precision(device: Device) -> Precision:
    """bf16 where tensor cores compute in it (compute capability 8.0), else 32."""
    if device == "cuda" and torch.cuda.get_device_capability() >= (8, 0):
        return "bf16"
    return "32"
