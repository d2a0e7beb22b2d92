"""The device, the precision and the number of threads of a run."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import torch

from archspec.runs.errors import UsageError
from archspec.settings.settings import Device, Precision, Settings
from archspec.spec import Spec
from archspec.training.distributed.launch_environment import cores_per_process
from archspec.training.distributed.world import World

# The types of convolutions and matrix products; weights always have 32 bits.
DTYPES = {"32": torch.float32, "bf16": torch.bfloat16, "16": torch.float16}

# MACs of a forward step. Below this number, another thread or bf16 costs more time, for
# synchronization or conversion, than it saves (`python benchmarks/train_speed.py`).
WORTHWHILE_MACS = 10**9

CORES = torch.get_num_threads()  # the default of torch, before anything changes it


def resolve_device(device: Device) -> Device:
    """The device that `auto` stands for here, or the given one.

    Raises:
        TrainingError: if the device is not available.
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
        raise UsageError(f"this machine has no `{device}` device: use {names}")
    return device


def resolve_auto(settings: Settings, spec: Spec) -> Settings:
    """Replace each `auto` of the settings.

    Raises:
        TrainingError: if the device is not available.
    """
    device = resolve_device(settings.device)
    precision = settings.precision
    if precision == "auto":
        precision = _best_precision(device, spec.macs * settings.batch_size)
    strategy = "ddp" if settings.strategy == "auto" else settings.strategy
    return replace(settings, device=device, precision=precision, strategy=strategy)


def _best_precision(device: Device, step_macs: int) -> Precision:
    """Choose bf16 if the hardware has units for it, and if a step is large enough."""
    if device == "cuda":
        return "bf16" if torch.cuda.get_device_capability() >= (8, 0) else "32"
    is_fast = device == "cpu" and step_macs >= WORTHWHILE_MACS and _cpu_has_bf16()
    return "bf16" if is_fast else "32"


def _cpu_has_bf16() -> bool:
    """Whether the CPU multiplies in bf16. Elsewhere torch emulates it, which is slow."""
    info = Path("/proc/cpuinfo")
    flags = info.read_text("utf-8").split() if info.exists() else []
    return not {"avx512_bf16", "amx_bf16"}.isdisjoint(flags)


def tune_device(settings: Settings, spec: Spec, world: World) -> None:
    """Let a GPU benchmark its convolution kernels, and choose the threads of a CPU.

    The number of threads follows from the network, the batch size and the machine alone.
    It decides in which order numbers are added, and the same seed must give the same
    losses. OMP_NUM_THREADS overrides it.
    """
    if world.device.type == "cuda":
        exact = torch.are_deterministic_algorithms_enabled()
        torch.backends.cudnn.benchmark = not exact
    if world.device.type == "cpu" and "OMP_NUM_THREADS" not in os.environ:
        step_macs = spec.macs * settings.batch_size // world.size
        cores = cores_per_process(CORES, world.local_size)
        torch.set_num_threads(max(1, min(cores, step_macs // WORTHWHILE_MACS)))


def describe_device(settings: Settings, world: World) -> str:
    """The device for the first line of a run.

    As `cpu, 2 threads, precision 32`, or `4 processes (ddp), cuda, precision bf16`.
    """
    words = f"{settings.device}, precision {settings.precision}"
    if settings.device == "cpu":
        threads = torch.get_num_threads()
        words = f"cpu, {threads} thread{'s' * (threads > 1)}, precision {settings.precision}"
    if world.size == 1:
        return words
    return f"{world.size} processes ({settings.strategy}), {words}"
