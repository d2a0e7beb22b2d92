"""What a process is told before it computes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
import weakref

import pytest
import torch
from torch import distributed as dist

from archspec.training.distributed.world import init_world
from processes import free_port, is_running

CHILD = """
import time
from archspec.training.distributed.launch_environment import terminate_with_parent
terminate_with_parent()
print("ready", flush=True)
time.sleep(60)
"""
PARENT = f"""
import subprocess, sys
child = subprocess.Popen([sys.executable, "-c", {CHILD!r}])
print(child.pid, flush=True)
child.wait()
"""


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a process")
def test_a_process_ends_with_the_one_that_has_started_it() -> None:
    parent = subprocess.Popen(
        [sys.executable, "-c", PARENT], stdout=subprocess.PIPE, text=True
    )
    assert parent.stdout
    pid = int(parent.stdout.readline())
    assert parent.stdout.readline() == "ready\n"
    assert is_running(pid)
    parent.kill()
    parent.communicate()
    for _ in range(100):
        if not is_running(pid):
            return
        time.sleep(0.05)
    os.kill(pid, signal.SIGKILL)
    pytest.fail("it outlives its parent")


def test_a_process_group_outlives_the_run(monkeypatch: pytest.MonkeyPatch) -> None:
    """With torch 2.11, a run may never end if DDP drops the last reference."""
    place = {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(free_port())}
    for name, value in {"RANK": "0", "WORLD_SIZE": "1", **place}.items():
        monkeypatch.setenv(name, value)
    with init_world(torch.device("cpu")):
        group = weakref.ref(dist.group.WORLD)
    assert not dist.is_initialized()
    assert group() is not None
