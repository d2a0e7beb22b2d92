"""Several processes for one run on this machine, started by torchrun itself."""

from __future__ import annotations

import logging
import os
import sys
import uuid
from collections.abc import Sequence

from torch.distributed.elastic.multiprocessing.api import SignalException
from torch.distributed.elastic.multiprocessing.errors import ChildFailedError
from torch.distributed.launcher.api import LaunchConfig, elastic_launch

from archspec.training.errors import TrainingError

LOCALHOST = "127.0.0.1"


def is_launched() -> bool:
    """Whether this process is one of several that a launcher has started."""
    return "RANK" in os.environ or int(os.environ.get("SLURM_STEP_NUM_TASKS", "1")) > 1


def launch(processes: int, arguments: Sequence[str]) -> int:
    """Run `archspec` with arguments in so many processes; the command's exit code.

    Raises:
        TrainingError: if the process was killed that would have said so.
    """
    logging.disable(logging.CRITICAL)  # the processes say themselves what went wrong
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
    os.environ.setdefault("OMP_NUM_THREADS", str(_threads(processes)))
    try:
        elastic_launch(config, sys.executable)("-m", "archspec.cli", *arguments)
    except SignalException as error:
        return 128 + error.sigval
    except ChildFailedError as error:
        return _exit_code(error)
    return 0


def _threads(processes: int) -> int:
    """Of each process, so that together they have as many as there are cores."""
    return max(1, (os.cpu_count() or 1) // processes)


def _exit_code(error: ChildFailedError) -> int:
    """Of the process that failed first, which has said why if it was not killed."""
    rank, first = error.get_first_failure()
    if first.exitcode > 0:
        return first.exitcode
    if rank == 0:
        raise TrainingError(
            f"the first of the processes was killed ({first.signal_name()}): "
            "`archspec train --resume RUN` goes on from the last checkpoint"
        )
    return 1
