"""Launch the processes of `--devices` on this machine, by the code of `torchrun`."""

from __future__ import annotations

import logging
import os
import signal
import sys
import uuid
from collections.abc import Sequence

import torch
from torch.distributed.elastic.multiprocessing.api import SignalException
from torch.distributed.elastic.multiprocessing.errors import ChildFailedError
from torch.distributed.launcher.api import LaunchConfig, elastic_launch

from archspec.runs.errors import TrainingError, UsageError
from archspec.settings.settings import Device
from archspec.training.device import resolve_device
from archspec.training.distributed.launch_environment import LAUNCHED, available_cores

LOCALHOST = "127.0.0.1"
SHUTDOWN_TIMEOUT = "600"  # seconds to save a run after a signal; torch's default is 30


def launch(num_processes: int, device: Device, arguments: Sequence[str]) -> int:
    """Run `archspec` with these arguments in several processes; return the exit code.

    Raises:
        TrainingError: if there is no device for each, or a process was killed.
    """
    _check_devices(num_processes, device)
    logging.disable(logging.CRITICAL)  # the processes report their errors themselves
    os.environ.setdefault("TORCH_ELASTIC_SHUTDOWN_TIMEOUT", SHUTDOWN_TIMEOUT)
    config = LaunchConfig(
        min_nodes=1,
        max_nodes=1,
        nproc_per_node=num_processes,
        run_id=str(uuid.uuid4()),
        rdzv_backend="c10d",
        rdzv_endpoint=f"{LOCALHOST}:0",
        local_addr=LOCALHOST,
        max_restarts=0,  # the user restarts a run, by `--resume`
        monitor_interval=0.1,
    )
    os.environ[LAUNCHED] = "1"
    try:
        elastic_launch(config, sys.executable)("-m", "archspec.cli", *arguments)
    except SignalException as error:
        return 128 + error.sigval
    except ChildFailedError as error:
        return _exit_code([each.exitcode for each in error.failures.values()])
    finally:
        del os.environ[LAUNCHED]
    return 0


def _check_devices(num_processes: int, device: Device) -> None:
    device = resolve_device(device)
    if device == "cuda" and num_processes > torch.cuda.device_count():
        raise UsageError(
            f"`--devices {num_processes}` asks for more GPUs than the "
            f"{torch.cuda.device_count()} here"
        )
    cores = available_cores()
    if device == "cpu" and num_processes > cores:
        raise UsageError(
            f"`--devices {num_processes}` asks for more processes than there are cores "
            f"here ({cores}), which would only wait for each other: use at most "
            f"`--devices {cores}`"
        )
    if device == "mps":
        raise UsageError(
            "`--devices` cannot share an `mps` device: use `--device cpu`, or omit it"
        )


def _exit_code(codes: Sequence[int]) -> int:
    """The exit code for failed processes, which reported why unless they were killed."""
    # The launcher ends the other processes by SIGTERM.
    killed = [-code for code in codes if code < 0 and code != -signal.SIGTERM]
    if killed:
        raise TrainingError(
            f"a process of the run was killed ({signal.Signals(killed[0]).name}): "
            "`archspec train --resume RUN` continues from the last checkpoint"
        )
    return max([code for code in codes if code > 0], default=1)
