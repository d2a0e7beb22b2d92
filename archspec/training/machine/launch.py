"""Several processes for one run on this machine, started by torchrun itself."""

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

from archspec.runs.errors import TrainingError
from archspec.settings.settings import Device
from archspec.training.machine.device import choose_device
from archspec.training.machine.place import LAUNCHED

LOCALHOST = "127.0.0.1"
PATIENCE = "600"  # seconds to save in when a signal ends a run; torch gives 30


def launch(processes: int, device: Device, arguments: Sequence[str]) -> int:
    """Run `archspec` with arguments in so many processes; the command's exit code.

    Raises:
        TrainingError: if they have no device each, or one was killed.
    """
    _check(processes, device)
    logging.disable(logging.CRITICAL)  # the processes say themselves what went wrong
    os.environ.setdefault("TORCH_ELASTIC_SHUTDOWN_TIMEOUT", PATIENCE)
    config = LaunchConfig(
        min_nodes=1,
        max_nodes=1,
        nproc_per_node=processes,
        run_id=str(uuid.uuid4()),
        rdzv_backend="c10d",
        rdzv_endpoint=f"{LOCALHOST}:0",
        local_addr=LOCALHOST,
        max_restarts=0,  # `--resume` starts again, when a person says so
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


def _check(processes: int, device: Device) -> None:
    device = choose_device(device)
    if device == "cuda" and processes > torch.cuda.device_count():
        raise TrainingError(
            f"`--devices {processes}` asks for more GPUs than the "
            f"{torch.cuda.device_count()} here"
        )
    if device == "mps":
        raise TrainingError(
            "`--devices` cannot share an `mps` device: use `--device cpu`, or leave it out"
        )


def _exit_code(codes: Sequence[int]) -> int:
    """Of processes that have failed, and said why unless they were killed."""
    # The launcher itself ends the others by SIGTERM.
    killed = [-code for code in codes if code < 0 and code != -signal.SIGTERM]
    if killed:
        raise TrainingError(
            f"a process of the run was killed ({signal.Signals(killed[0]).name}): "
            "`archspec train --resume RUN` goes on from the last checkpoint"
        )
    return max([code for code in codes if code > 0], default=1)
