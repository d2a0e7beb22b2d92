"""Where a run computes, in which precision, and on how many cores."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import torch

from archspec.runs.errors import TrainingError
from archspec.settings.settings import Device, Precision, Settings
from archspec.spec import Spec
from archspec.training.machine.place import own_share
from archspec.training.machine.world import World

# What convolutions and products compute in; the weights stay in 32 bits.
DTYPES = {"32": torch.float32, "bf16": torch.bfloat16, "16": torch.float16}

# MACs of a step, forwards: what less work gains by another core or by smaller numbers
# it loses by the hand-over and the conversion (`python benchmarks/train_speed.py`).
WORTHWHILE = 10**9


CORES = torch.get_num_threads()  # torch's own choice, before anybody has made another


def choose_device(device: Device) -> Device:
    """A device in the place of `auto`.

    Raises:
        TrainingError: if the device is not there.
    """
    available: dict[Device, bool] = {
        "cuda": torch.cuda.is_available(),
        "mps": torch.backends.mps.is_available(),
        "cpu": True,
    }
    if device == "auto":
        device = next(name for name, is_there in available.items() if is_there)
    if not available[device]:
        names = " or ".join(
            f"`--device {name}`" for name, is_there in available.items() if is_there
        )
        raise TrainingError(f"there is no `{device}` device here: use {names}")
    return device


def settle_device(settings: Settings, spec: Spec) -> Settings:
    """The settings of a run with a choice in the place of each `auto`.

    Raises:
        TrainingError: if the device is not there.
    """
    device = choose_device(settings.device)
    precision = settings.precision
    if precision == "auto":
        precision = _best_precision(device, spec.macs * settings.batch_size)
    strategy = "ddp" if settings.strategy == "auto" else settings.strategy
    return replace(settings, device=device, precision=precision, strategy=strategy)


def _best_precision(device: Device, step_macs: int) -> Precision:
    """bf16 where there are units that compute in it, and enough for them to do."""
    if device == "cuda":
        return "bf16" if torch.cuda.get_device_capability() >= (8, 0) else "32"
    is_fast = device == "cpu" and step_macs >= WORTHWHILE and _cpu_has_bf16()
    return "bf16" if is_fast else "32"


def _cpu_has_bf16() -> bool:
    """Whether the CPU multiplies in bf16; torch also does so where it has to emulate it."""
    info = Path("/proc/cpuinfo")
    flags = info.read_text("utf-8").split() if info.exists() else []
    return not {"avx512_bf16", "amx_bf16"}.isdisjoint(flags)


def tune(settings: Settings, spec: Spec, world: World) -> None:
    """Let a GPU try its kernels for a convolution; give a CPU as many threads as it needs.

    The number of threads follows from the network, the batch and the machine, unless the
    user has said it: it decides in which order numbers are added, and the same seed is to
    give the same losses.
    """
    if world.device.type == "cuda":
        exact = torch.are_deterministic_algorithms_enabled()
        torch.backends.cudnn.benchmark = not exact
    if world.device.type == "cpu" and "OMP_NUM_THREADS" not in os.environ:
        step_macs = spec.macs * settings.batch_size // world.size
        cores = own_share(CORES, world.local_size)
        torch.set_num_threads(max(1, min(cores, step_macs // WORTHWHILE)))


def describe_world(settings: Settings, world: World) -> str:
    """Where a run computes, in a few words."""
    words = f"{settings.device}, precision {settings.precision}"
    if settings.device == "cpu":
        threads = torch.get_num_threads()
        words = f"cpu, {threads} thread{'s' * (threads > 1)}, precision {settings.precision}"
    if world.size == 1:
        return words
    return f"{world.size} processes ({settings.strategy}), {words}"
