"""Processes that a launcher starts: `--devices`, `torchrun` on two hosts, SLURM."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from processes import Processes, children, train

from .runs import assert_same_weights, losses, rows, wait_for

Command = Callable[..., tuple[int, str, str]]


@pytest.mark.slow
def test_devices_are_processes_that_end_together(tiny: Path, tmp_path: Path) -> None:
    run = tmp_path / "runs/tiny-1"
    arguments = ["train", tiny, "--epochs", 1000, "--devices", 2]
    launched = Processes(1, *arguments, folder=tmp_path)
    (process,) = launched.processes
    wait_for(run / "metrics.jsonl", process.is_alive, 1)
    pids = children(process.pid)
    assert len(pids) >= 2
    os.kill(pids[-1], signal.SIGKILL)
    ((code, _, err),) = launched.end()
    assert code == 1
    said = [line for line in err.splitlines() if line.startswith("error: ")]
    assert len(said) == 1, err  # torch's own threads may add a line of theirs
    assert "`archspec train --resume RUN` continues from the last checkpoint" in said[0]

    done = len(rows(run))
    launched = Processes(1, "train", "--resume", run, "--devices", 2, folder=tmp_path)
    (process,) = launched.processes
    wait_for(run / "metrics.jsonl", process.is_alive, done + 1)
    process.terminate()
    ((code, out, err),) = launched.end()
    assert code == 143
    assert err == f"stopped: `archspec train --resume {run}` continues from here\n"
    assert f"epoch {done + 1}/1000" in out
    assert f"epoch {done}/1000" not in out
    assert [path.name for path in run.parent.iterdir()] == ["tiny-1"]


def test_more_processes_than_cores_are_refused(tiny: Path, command: Command) -> None:
    """Of those that `taskset` leaves."""
    cores = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(cores)})
    try:
        code, _, err = command("train", tiny, "--devices", 2, "--device", "cpu")
    finally:
        os.sched_setaffinity(0, cores)
    assert code == 2
    assert "more processes than there are cores here (1)" in err
    assert "use at most `--devices 1`" in err


@pytest.fixture
def hosts() -> Iterator[list[list[str]]]:
    """Two hosts as network namespaces with a cable between: how to run something there."""
    if os.geteuid() != 0 or not shutil.which("ip"):
        pytest.skip("network namespaces need root and `ip`")
    names = [f"archspec{os.getpid()}{letter}" for letter in "ab"]
    commands = [f"netns add {name}" for name in names]
    commands.append(
        f"link add cable netns {names[0]} type veth peer name cable netns {names[1]}"
    )
    for number, name in enumerate(names, 1):
        commands += [
            f"-n {name} addr add 10.77.0.{number}/24 dev cable",
            f"-n {name} link set cable up",
            f"-n {name} link set lo up",
        ]
    try:
        for command in commands:
            made = subprocess.run(
                ["ip", *command.split()], check=False, capture_output=True
            )
            if made.returncode:
                pytest.skip(f"no network namespaces here: {made.stderr.decode()}")
        yield [["ip", "netns", "exec", name] for name in names]
    finally:
        for name in names:
            subprocess.run(
                ["ip", "netns", "del", name], check=False, capture_output=True
            )


@pytest.mark.slow
def test_two_hosts_under_torchrun_train_as_one(
    hosts: list[list[str]], tiny: Path, tmp_path: Path
) -> None:
    ended = Processes(2, "train", tiny, "--out", "local", folder=tmp_path).end()
    assert [each.code for each in ended] == [0, 0], ended
    processes = [
        subprocess.Popen(
            [
                *host,
                *(sys.executable, "-m", "torch.distributed.run"),
                *("--nnodes=2", f"--node-rank={number}", "--nproc-per-node=1"),
                *("--master-addr=10.77.0.1", "--master-port=29400"),
                *("-m", "archspec.cli", "train", str(tiny), "--out", "hosts"),
            ],
            cwd=tmp_path,
            env=os.environ | {"GLOO_SOCKET_IFNAME": "cable"},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for number, host in enumerate(hosts)
    ]
    texts = [process.communicate(timeout=120) for process in processes]
    assert [process.returncode for process in processes] == [0, 0], texts
    assert "best accuracy" in texts[0][0]
    assert texts[1][0] == ""
    local, far = tmp_path / "local/tiny-1", tmp_path / "hosts/tiny-1"
    assert losses(local) == losses(far)
    assert_same_weights(local, far)


# Code for `before`: what `srun` tells a task, instead of what `torchrun` does.
TASK = """
import os
rank = os.environ.pop("RANK")
for name in ("WORLD_SIZE", "LOCAL_RANK", "LOCAL_WORLD_SIZE"):
    del os.environ[name]
os.environ |= {"SLURM_JOB_ID": "7", "SLURM_STEP_NUM_TASKS": "2"}
os.environ |= {"SLURM_PROCID": rank, "SLURM_LOCALID": rank}
"""


def test_a_slurm_step_is_a_world(tiny: Path, tmp_path: Path) -> None:
    """As `srun` tells it; of its own commands only the list of hosts is not needed."""
    main, other = train(2, tiny, "--epochs", 1, folder=tmp_path, before=TASK)
    assert "2 processes (ddp)" in main.out
    assert (other.out, other.err) == ("", "")


def test_a_batch_script_of_slurm_is_no_step(tiny: Path, tmp_path: Path) -> None:
    """It has a task's number too, and would wait for the others for ever."""
    names = ["SLURM_NTASKS", "SLURM_PROCID", "SLURM_JOB_ID"]
    script = f"import os; os.environ |= dict.fromkeys({names}, '4')"
    (ended,) = train(1, tiny, "--epochs", 1, folder=tmp_path, before=script)
    assert "processes" not in ended.out


@pytest.mark.parametrize(
    ("environment", "flags", "code", "message"),
    [
        ({"RANK": "0", "WORLD_SIZE": "2"}, [], 1, "cannot meet the other processes"),
        (
            {"RANK": "0", "WORLD_SIZE": "2", "LOCAL_WORLD_SIZE": "2"},
            ["--devices", "4"],
            2,
            "`--devices 4` conflicts with the 2 processes",
        ),
        (
            {"SLURM_STEP_NUM_TASKS": "2", "SLURM_PROCID": "0", "SLURM_LOCALID": "0"}
            | {"SLURM_STEP_NODELIST": "host[1-2]", "SLURM_JOB_ID": "7"},
            [],
            1,
            "`scontrol` does not list the hosts of the step",
        ),
    ],
)
def test_a_place_that_leads_nowhere_is_one_sentence(
    environment: dict[str, str],
    flags: list[str],
    code: int,
    message: str,
    tiny: Path,
    command: Command,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    ended, _, err = command("train", tiny, *flags)
    assert ended == code
    assert err.startswith(f"error: {message}")
    assert err.count("\n") == 1
