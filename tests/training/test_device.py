"""Threads and precision follow from the network, the batch and the machine."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from archspec import load
from archspec.settings.settings import Settings
from archspec.training import device
from archspec.training.device import resolve_auto, tune_device
from archspec.training.distributed.world import World

FLAGS = Path("/proc/cpuinfo")


@pytest.mark.parametrize(
    ("name", "batch_size", "cores", "threads"),
    [
        ("lenet", 256, 8, 1),  # 0.1 billion MACs
        ("resnet18", 16, 8, 5),  # 5 billion
        ("nin", 128, 8, 8),
        ("nin", 128, 2, 2),
    ],
)
def test_a_step_has_a_thread_for_each_billion_macs(
    name: str,
    batch_size: int,
    cores: int,
    threads: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("OMP_NUM_THREADS")
    monkeypatch.setattr(device, "CORES", cores)
    tune_device(Settings(batch_size=batch_size), load(name), World())
    assert torch.get_num_threads() == threads


def test_processes_share_the_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OMP_NUM_THREADS")
    monkeypatch.setattr(device, "CORES", 8)
    world = World(size=4, local_size=4)
    tune_device(Settings(batch_size=128), load("nin"), world)
    assert torch.get_num_threads() == 2


def test_the_user_s_number_of_threads_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "3")
    before = torch.get_num_threads()
    tune_device(Settings(batch_size=128), load("nin"), World())
    assert torch.get_num_threads() == before


@pytest.mark.skipif(
    torch.cuda.is_available() or not FLAGS.exists(), reason="it is about CPUs of Linux"
)
def test_a_cpu_computes_in_bf16_where_it_has_units_for_it_and_work_for_them() -> None:
    has_units = not {"avx512_bf16", "amx_bf16"}.isdisjoint(FLAGS.read_text().split())
    large = resolve_auto(Settings(batch_size=128), load("nin"))
    small = resolve_auto(Settings(batch_size=128), load("lenet"))
    assert large.precision == ("bf16" if has_units else "32")
    assert (small.precision, small.device, small.strategy) == ("32", "cpu", "ddp")
    asked = resolve_auto(Settings(batch_size=128, precision="32"), load("nin"))
    assert asked.precision == "32"


def test_threads_sleep_unless_the_user_says_otherwise() -> None:
    program = (
        "import os; from archspec.training.cpu_runtime import configure_cpu_runtime;"
        "configure_cpu_runtime(); print(os.environ['OMP_WAIT_POLICY'])"
    )
    for given, expected in ((None, "PASSIVE"), ("ACTIVE", "ACTIVE")):
        environment = {k: v for k, v in os.environ.items() if k != "OMP_WAIT_POLICY"}
        environment |= {"OMP_WAIT_POLICY": given} if given else {}
        ended = subprocess.run(
            [sys.executable, "-c", program],
            env=environment,
            capture_output=True,
            text=True,
            check=True,
        )
        assert ended.stdout.strip() == expected


@pytest.mark.skipif(sys.platform != "linux", reason="it is about glibc")
@pytest.mark.slow
def test_memory_that_is_freed_is_kept_at_hand() -> None:
    """Page faults of the same large tensors, made again and again."""
    program = (
        "import resource, sys\n"
        "from archspec.training.cpu_runtime import configure_cpu_runtime\n"
        "if sys.argv[1] == 'keep': configure_cpu_runtime()\n"
        "import torch; torch.set_num_threads(1)\n"
        "def faults(): return resource.getrusage(resource.RUSAGE_SELF).ru_minflt\n"
        "def work():\n"
        "    for _ in range(20): torch.ones(2**24).sum()\n"
        "work(); before = faults(); work(); print(faults() - before)"
    )
    faults = {
        word: int(
            subprocess.run(
                [sys.executable, "-c", program, word],
                capture_output=True,
                text=True,
                check=True,
            ).stdout
        )
        for word in ("keep", "return")
    }
    assert faults["keep"] < faults["return"] / 10, faults
